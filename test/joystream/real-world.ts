import { randomBytes } from 'node:crypto';
import { openOrCleanUp } from '../../shared/base/index.ts';
import type { World } from '../contract/world.ts';
import { connectApi } from '../support/dev-chain.ts';
import { createContent } from './content.ts';
import { createNfts } from './nfts.ts';
import { createPeople } from './people.ts';
import { createRuntime } from './runtime.ts';
import { createSender, type Sender } from './sender.ts';
import { allowShortAuctions, appointLead, devRpc, openBucket } from './staging.ts';
import { createTokens } from './tokens.ts';

export interface RealWorld extends World {
  /** The keys of an account of its own. */
  pair(account: string): ReturnType<Sender['pair']>;
}

/** See filter.ts, which tries. */
const filtered = (call: string): string => `the runtime's call filter refuses content.${call} to everybody`;

/**
 * The real runtime, by signed extrinsics of the accounts that it demands: a member's controller, a lead's or worker's
 * role account. Only what governance would take weeks for is written into the state; see staging.ts.
 */
export function openRealWorld(url: string, log: (line: string) => void): Promise<RealWorld> {
  return openOrCleanUp(async (opened) => {
    const api = await connectApi(url);
    opened.defer(() => api.disconnect());
    const sender = createSender(api, log);
    // A chain that was used before knows the handles and accounts of that time.
    const run = randomBytes(4).toString('hex');
    const account = (name: string): string => sender.account(`${run} ${name}`);
    const own = { ...sender, account };

    const isNew = (await api.query.members!.nextMemberId!()).toString() === '0';
    const runtime = await createRuntime(api, own, async (ground) => {
      await allowShortAuctions(api);
      return openBucket(ground);
    });

    const people = createPeople(runtime);
    const world: RealWorld = {
      ...people,
      ...createContent(runtime),
      ...createNfts(runtime),
      ...createTokens(runtime),
      buyMembership: (input) => people.buyMembership({ ...input, handle: `${input.handle} ${run}` }),
      url,
      isNew,
      refusals: {
        transferChannel: filtered('initializeChannelTransfer'),
        destroyNft: filtered('destroyNft'),
        updateCuratorGroupPermissions: filtered('updateCuratorGroupPermissions'),
      },
      account,
      pair: (of) => sender.pair(of),
      appointLead: (input) => appointLead(runtime, input),
      pass: (count) => devRpc(api, 'dev_newBlock', [{ count }]),
      head: async () =>
        (await api.rpc.chain.getHeader(await api.rpc.chain.getFinalizedHead())).number.toNumber(),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
    return world;
  });
}
