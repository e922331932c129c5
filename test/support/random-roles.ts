import type { Call, DevChain } from '../../services/devnet/chain/index.ts';
import { account } from './dev-chain.ts';
import { createDice } from './random-world.ts';

type World = DevChain['world'];

const [MEMBERS, WORKERS, CHANNELS, VIDEOS, TOKENS, GROUPS] = [6, 4, 5, 6, 2, 2];
const WORKING_GROUPS = ['content', 'distribution', 'app'] as const;

/**
 * Changes of who is what in a small world that is full from the start: people, offices, channels of both kinds of owner,
 * NFTs, creator tokens. Each step is a block of one to three changes; what the state does not allow is passed over.
 */
export function createRandomRoles(
  world: World,
  seed: number,
): { begin(): Promise<void>; step(): Promise<void> } {
  const dice = createDice(seed);
  const member = (): number => dice(MEMBERS);
  const worker = (): number => dice(WORKERS);
  const group = (): number => 1 + dice(GROUPS);
  const channel = (): number => 1 + dice(CHANNELS);
  const video = (): number => 1 + dice(VIDEOS);
  const token = (): number => dice(TOKENS);
  const workingGroup = () => WORKING_GROUPS[dice(WORKING_GROUPS.length)] ?? 'content';
  const coin = (): boolean => dice(2) === 0;
  const owner = () => (coin() ? { member: member() } : { curatorGroup: group() });
  const levels = () => ({
    [String(dice(2))]: [coin() ? ('HideVideo' as const) : ('HideChannel' as const)],
  });
  /** One of few keys, so that an account acts for several now and then. */
  const key = (): string => account(1 + dice(12));

  const calls: readonly (() => Call)[] = [
    () => ({ op: 'updateAccounts', input: { member: member(), controller: key() } }),
    () => ({
      op: 'setWorker',
      input: { group: workingGroup(), worker: worker(), member: member(), roleAccount: key() },
    }),
    () => ({ op: 'setWorker', input: { group: 'content', member: member(), roleAccount: key() } }),
    () => ({ op: 'terminateWorker', input: { group: workingGroup(), worker: worker() } }),
    () => ({ op: 'startLeaving', input: { group: workingGroup(), worker: worker() } }),
    () => ({ op: 'exitWorker', input: { group: workingGroup(), worker: worker() } }),
    () => ({ op: 'setLead', input: { group: 'content', worker: coin() ? worker() : null } }),
    () => ({ op: 'electCouncil', input: { members: [...new Set([member(), member()])] } }),
    () => ({ op: 'addCurator', input: { group: group(), worker: worker() } }),
    () => ({ op: 'removeCurator', input: { group: group(), worker: worker() } }),
    () => ({ op: 'setCuratorGroupStatus', input: { group: group(), active: dice(3) > 0 } }),
    () => ({ op: 'updateCuratorGroupPermissions', input: { group: group(), permissionsByLevel: levels() } }),
    () => ({
      op: 'setBucketOperator',
      input: { family: 0, index: dice(2), worker: worker(), active: coin() },
    }),
    () => ({ op: 'updateChannel', input: { channel: channel(), collaborators: [member()] } }),
    () => ({ op: 'transferChannel', input: { channel: channel(), owner: owner() } }),
    () => ({ op: 'deleteChannel', input: { channel: channel() } }),
    () => ({ op: 'deleteVideo', input: { video: video() } }),
    () => ({ op: 'issueNft', input: { video: video(), owner: coin() ? member() : null } }),
    () => ({ op: 'destroyNft', input: { video: video() } }),
    () => ({ op: 'sellNft', input: { video: video(), price: 5 } }),
    () => ({ op: 'buyNft', input: { video: video(), buyer: member() } }),
    () => ({ op: 'offerNft', input: { video: video(), to: member() } }),
    () => ({ op: 'acceptOffer', input: { video: video() } }),
    () => ({ op: 'slingNftBack', input: { video: video() } }),
    () => ({ op: 'startOpenAuction', input: { video: video(), startingPrice: 1, buyNowPrice: 9 } }),
    () => ({ op: 'startEnglishAuction', input: { video: video(), startingPrice: 1, durationBlocks: 2 } }),
    () => ({ op: 'bidOnNft', input: { video: video(), member: member(), amount: 1 + dice(10) } }),
    () => ({ op: 'pickAuctionWinner', input: { video: video(), winner: member() } }),
    () => ({ op: 'settleEnglishAuction', input: { video: video() } }),
    () => ({
      op: 'transferCreatorToken',
      input: { token: token(), from: member(), to: [{ member: member(), amount: 1 + dice(60) }] },
    }),
    () => ({ op: 'sellOnAmm', input: { token: token(), member: member(), amount: 1 + dice(60), price: 1 } }),
    () => ({ op: 'buyOnAmm', input: { token: token(), member: member(), amount: 1 + dice(60), price: 1 } }),
    () => ({ op: 'burnCreatorToken', input: { token: token(), member: member(), amount: 1 + dice(60) } }),
    () => ({ op: 'dustCreatorTokenAccount', input: { token: token(), member: member() } }),
  ];

  const attempt = async (batch: readonly Call[]): Promise<boolean> => {
    try {
      await world.batch(batch);
      return true;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'Problem') throw error;
      return false;
    }
  };
  const times = <T>(n: number, make: (index: number) => T): T[] =>
    Array.from({ length: n }, (_, i) => make(i));

  return {
    begin: async () => {
      await world.batch([
        ...times(MEMBERS, (n): Call => ({
          op: 'buyMembership',
          input: { handle: `holder ${String(n)}`, controller: account(1 + n) },
        })),
        ...WORKING_GROUPS.flatMap((of) =>
          times(WORKERS, (n): Call => ({
            op: 'setWorker',
            input: { group: of, member: n, roleAccount: account(7 + n) },
          })),
        ),
        { op: 'setLead', input: { group: 'content', worker: 0 } },
        ...times(GROUPS, (): Call => ({
          op: 'createCuratorGroup',
          input: { active: true, permissionsByLevel: levels() },
        })),
        ...times(WORKERS, (n): Call => ({ op: 'addCurator', input: { group: 1 + (n % GROUPS), worker: n } })),
        { op: 'electCouncil', input: { members: [0, 1] } },
        { op: 'createBucketFamily', input: {} },
        ...times(2, (): Call => ({ op: 'createBucket', input: { family: 0 } })),
        ...times(2, (n): Call => ({
          op: 'setBucketOperator',
          input: { family: 0, index: n, worker: n, active: true },
        })),
        ...times(CHANNELS, (n): Call => ({
          op: 'createChannel',
          input: {
            owner: n % 2 === 0 ? { member: n } : { curatorGroup: 1 + (n % GROUPS) },
            collaborators: [n],
            metadata: {},
          },
        })),
        ...times(VIDEOS, (n): Call => ({
          op: 'createVideo',
          input: { channel: 1 + (n % CHANNELS), metadata: {}, nft: { owner: n % 2 === 0 ? null : n } },
        })),
        ...times(TOKENS, (n): Call => ({
          op: 'issueCreatorToken',
          input: { channel: 1 + n, allocation: times(MEMBERS, (of) => ({ member: of, amount: 100 })) },
        })),
      ]);
    },
    step: async () => {
      for (;;) {
        const batch = times(1 + dice(3), () => calls[dice(calls.length)]?.()).filter(
          (call) => call !== undefined,
        );
        if (await attempt(batch)) return;
      }
    },
  };
}
