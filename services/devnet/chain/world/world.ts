import { Problem } from '../../../../shared/wire/index.ts';
import type { Block } from '../state/block.ts';
import type { Ledger } from '../state/ledger.ts';
import type { Change, WorldState } from './change.ts';
import { parseCall, parseInput } from './check.ts';
import { BUY_NOW, INPUTS, type Input, type OperationName } from './inputs.ts';
import { membershipById, videoById } from './items.ts';
import type { Operations } from './operation.ts';
import { auctions } from './operations/auctions.ts';
import { buckets } from './operations/buckets.ts';
import { channels } from './operations/channels.ts';
import { curators } from './operations/curators.ts';
import { groups } from './operations/groups.ts';
import { members } from './operations/members.ts';
import { nfts } from './operations/nfts.ts';
import { system } from './operations/system.ts';
import { tokens } from './operations/tokens.ts';
import { videos } from './operations/videos.ts';
import type { Call, InBlock, World } from './results.ts';

const OPERATIONS: Operations<OperationName> = {
  ...members,
  ...groups,
  ...curators,
  ...buckets,
  ...channels,
  ...videos,
  ...nfts,
  ...auctions,
  ...tokens,
  ...system,
};

/** The world over a ledger. Operations run to their end one after the other: each is one synchronous step. */
export function createWorld(ledger: Ledger, state: WorldState): World {
  const append = (calls: readonly Call[]): { block: Block; results: readonly object[] } => {
    const { steps, delta } = state.change(
      ledger.best().number + 1,
      calls.map((call) => (change) => run(change, call)),
    );
    const operations = calls.map((call, i) => ({ remark: remarkOf(call), events: steps[i]?.events ?? [] }));
    return { block: ledger.append(operations, delta), results: steps.map(({ result }) => result) };
  };
  const one = (call: Call): InBlock<object> => {
    const { block, results } = append([call]);
    return { ...results[0], block: block.number };
  };

  const single = Object.fromEntries(
    Object.keys(INPUTS).map((op) => [op, async (input: unknown) => one(parseCall(op, input))]),
  ) as unknown as { readonly [K in OperationName]: World[K] };

  return {
    ...single,
    buyNow: async (input) => {
      const { video, price, buyer } = parseInput('buyNow', BUY_NOW, input);
      const { nftStatus } = state.read(({ get }) => {
        get('member', membershipById, buyer);
        return get('video', videoById, video);
      });
      const status = nftStatus?.transactionalStatus;
      const isOnSale = status !== undefined && 'BuyNow' in status && status.BuyNow === BigInt(price);
      if (!isOnSale) one({ op: 'sellNft', input: { video, price } });
      return one({ op: 'buyNft', input: { video, buyer } });
    },
    batch: async (calls) => {
      if (calls.length === 0) throw new Problem('bad_request', 'An empty batch');
      const { block, results } = append(calls.map(({ op, input }) => parseCall(op, input)));
      return results.map((result) => ({ ...result, block: block.number }));
    },
  };
}

/** Which operation it is decides its input's type; a union of calls cannot say that to the compiler. */
function run<K extends OperationName>(
  change: Change,
  call: { readonly op: K; readonly input: Input<K> },
): object {
  return OPERATIONS[call.op](change, call.input);
}

/** What stands in the block for an operation: its name and input, readable in an explorer. */
function remarkOf({ op, input }: Call): string {
  const json = JSON.stringify(input, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return `${op} ${json}`;
}
