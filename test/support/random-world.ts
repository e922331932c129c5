import type { DevChain } from '../../services/devnet/chain/index.ts';
import { account, contentId } from './dev-chain.ts';

type World = DevChain['world'];

/** Numbers from 0 to below `n`, the same for the same seed (mulberry32). */
export function createDice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

const MEMBERS = 6;
/** The first operations. */
const [CHANNEL, VIDEO, TOKEN] = [0, 1, 2];

/**
 * Changes of every kind to a small world, each in a block; what the state does not allow is passed over. The first call
 * makes the people.
 */
export function createRandomWorld(world: World, seed: number): { step(): Promise<void> } {
  const dice = createDice(seed);
  const channels: number[] = [];
  const videos: number[] = [];
  const tokens: number[] = [];
  let made = 0;
  const pick = (from: readonly number[]): number => from[dice(from.length)] ?? 0;
  const member = (): number => dice(MEMBERS);
  const file = () => ({ size: 1 + dice(1_000), hash: contentId(String((made += 1))) });
  const coin = (): boolean => dice(2) === 0;

  const operations: readonly (() => Promise<unknown>)[] = [
    async () => {
      const { channel } = await world.createChannel({
        owner: { member: member() },
        collaborators: [member()],
        metadata: { isPublic: coin(), avatar: file() },
      });
      channels.push(channel);
    },
    async () => {
      const { video } = await world.createVideo({
        channel: pick(channels),
        metadata: { isPublic: coin(), media: file(), thumbnail: file() },
        ...(coin() ? { nft: { owner: coin() ? null : member() } } : {}),
      });
      videos.push(video);
    },
    async () => {
      const { token } = await world.issueCreatorToken({
        channel: pick(channels),
        allocation: [{ member: member(), amount: 1_000 }],
      });
      tokens.push(token);
    },
    () => world.updateAccounts({ member: member(), controller: account(dice(256)) }),
    () =>
      world.updateChannel({
        channel: pick(channels),
        collaborators: [member()],
        metadata: { isPublic: coin() },
      }),
    () => world.transferChannel({ channel: pick(channels), owner: { member: member() } }),
    () => world.deleteChannel({ channel: pick(channels) }),
    () => world.hideChannel({ channel: pick(channels), hidden: coin() }),
    () => world.updateVideo({ video: pick(videos), metadata: { isPublic: coin(), media: file() } }),
    () => world.deleteVideo({ video: pick(videos) }),
    () => world.hideVideo({ video: pick(videos), hidden: coin() }),
    () => world.issueNft({ video: pick(videos), owner: member() }),
    () => world.buyNow({ video: pick(videos), price: 1 + dice(100), buyer: member() }),
    () => world.slingNftBack({ video: pick(videos) }),
    () =>
      world.transferCreatorToken({
        token: pick(tokens),
        from: member(),
        to: [{ member: member(), amount: 1 + dice(300) }],
      }),
    () => world.burnCreatorToken({ token: pick(tokens), member: member(), amount: 1 + dice(50) }),
  ];

  return {
    step: async () => {
      if (made === 0) {
        for (let id = 0; id < MEMBERS; id += 1) {
          await world.buyMembership({ handle: `member ${String(id)}`, controller: account(id) });
        }
        for (const begin of [CHANNEL, CHANNEL, VIDEO, VIDEO, TOKEN]) await operations[begin]?.();
      }
      made += 1;
      await operations[dice(operations.length)]?.().catch((error: unknown) => {
        if (!(error instanceof Error) || error.name !== 'Problem') throw error;
      });
    },
  };
}
