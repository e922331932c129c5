import type { ApiPromise } from '@polkadot/api';
import { startIndexer } from '../../services/indexer/start.ts';
import { openOrCleanUp } from '../../shared/base/index.ts';
import { openChain, type Chain, type ChainView } from '../../shared/chain/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { connectApi } from '../support/dev-chain.ts';
import { indexedUpTo, indexerConfig, type Row } from '../support/indexer.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startRpcProxy } from '../support/rpc-proxy.ts';
import { readRawState, type RawState } from './storage.ts';
import type { World } from './world.ts';

export interface Person {
  readonly id: number;
  /** The same, as the reader and the tables have it. */
  readonly member: string;
  /** Controller, 0x hex. */
  readonly account: string;
}

/** A world, and beside it what reads it: our reader, our indexer with its tables, and a stock client. */
export interface Stage extends AsyncDisposable {
  readonly world: World;
  readonly chain: Chain;
  readonly api: ApiPromise;
  readonly db: TestDatabase;
  /** Somebody new; the name is theirs alone. */
  readonly join: (name: string) => Promise<Person>;
  /** Member 0 on a new chain; the first who joined here. */
  readonly zero: Person;
  /** The content lead, who moderates and hires. */
  readonly lead: Person & { readonly worker: string; readonly roleAccount: string };
  /** The state after a block, the newest finalized one unless told, as our reader has it. */
  readonly view: (block?: number) => Promise<ChainView>;
  /** The same as a stock client has it. */
  readonly raw: (block?: number) => Promise<RawState>;
  readonly timeOf: (block: number) => Promise<Date>;
  /** Of the tables, once they hold the newest finalized block; then its number. */
  readonly indexed: () => Promise<number>;
  readonly rows: (text: string, ...values: unknown[]) => Promise<Row[]>;
  readonly row: (text: string, ...values: unknown[]) => Promise<Row | undefined>;
  /** Roles that ended with a block, in order: `member:7 nft_owner 3`. */
  readonly lossesOf: (block: number) => Promise<readonly string[]>;
  /** Methods that our own code has asked of the node. */
  readonly asked: ReadonlySet<string>;
}

const INDEXED_MS_MAX = 60_000;

export function openStage(open: () => Promise<World>): Promise<Stage> {
  return openOrCleanUp(async (opened) => {
    const log = createLog('test', 'silent');
    const world = opened.use(await open());
    const proxy = opened.use(await startRpcProxy(world.url));
    const chain = opened.use(await openChain({ url: proxy.url, log }));
    const api = await connectApi(world.url);
    opened.defer(() => api.disconnect());
    const db = opened.use(await createTestDatabase());
    opened.use(await startIndexer(indexerConfig(db.url, proxy.url)));

    const hashOf = async (block?: number): Promise<string> => chain.blockHash(block ?? (await world.head()));
    const indexed = async (): Promise<number> => {
      const head = await world.head();
      await indexedUpTo(db.pool, head, INDEXED_MS_MAX);
      return head;
    };
    const rows = async (text: string, ...values: unknown[]): Promise<Row[]> => {
      await indexed();
      return (await db.pool.query<Row>(text, values)).rows;
    };
    const join = async (name: string): Promise<Person> => {
      const account = world.account(name);
      const root = world.account(`root of ${name}`);
      const { memberId: id } = await world.buyMembership({ handle: name, controller: account, root });
      return { id, member: String(id), account };
    };
    const zero = await join('zero');
    const lead = await join('lead');
    const roleAccount = world.account('role of the content lead');
    const { worker } = await world.appointLead({ group: 'content', member: lead.id, roleAccount });
    return {
      world,
      chain,
      api,
      db,
      zero,
      lead: { ...lead, worker: String(worker), roleAccount },
      join,
      view: async (block) => chain.at(await hashOf(block)),
      raw: async (block) => readRawState(api, await hashOf(block)),
      timeOf: async (block) => {
        const now = await (await api.at(await hashOf(block))).query.timestamp!.now!();
        return new Date(Number(now.toString()));
      },
      indexed,
      rows,
      row: async (text, ...values) => (await rows(text, ...values))[0],
      lossesOf: async (block) => {
        const lost = await rows(
          'select subject, role, object from panoptes.role_loss where block = $1',
          block,
        );
        return lost.map(({ subject, role, object }) => [subject, role, object].join(' ').trim()).sort();
      },
      get asked() {
        return new Set(proxy.requests.keys());
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

/** A content id of the right length, told apart by its last characters. */
export const file = (name: string, size = 7) => ({ size, hash: `Qm${name.padStart(44, 'x')}` });
