import { LRUCache } from 'lru-cache';
import { createBatch } from '../../shared/base/index.ts';
import type { Database } from './database.ts';

/**
 * What only the chain's history says, out of the indexer's tables: the last price of an NFT, and since when something
 * is held. Given only where a row is at least as new as the block the roles are read at and says the same as storage
 * there; otherwise left out, never guessed.
 */
export interface Acquisitions {
  findNft(held: HeldNft): Promise<{ readonly value?: string; readonly since?: number }>;
  findHolding(held: Holding): Promise<{ readonly since?: number }>;
}

export interface HeldNft {
  readonly video: string;
  readonly channel: string;
  /** `null`: it belongs to whoever owns the channel. */
  readonly ownerMember: string | null;
}

export interface Holding {
  readonly token: string;
  readonly member: string;
  readonly amount: string;
}

/** The tables as of a block; the chain they must be of. */
export interface AsOf {
  readonly genesisHash: string;
  readonly block: number;
}

export interface AcquisitionTables {
  /**
   * Waits a moment for the indexer to reach the block: it hears of it when this node does. What is asked at a time takes
   * one query, whoever asks.
   */
  at(asOf: AsOf): Acquisitions;
}

const CATCH_UP_MS_MAX = 2_000;
const CATCH_UP_POLL_MS = 50;
/** Farther behind, it will not be here in a moment. */
const CATCH_UP_BLOCKS_MAX = 10;
/** As many as `shared/chain` keeps the state of. */
const BLOCKS_KEPT_MAX = 4;
const ROWS_MAX = 500;

/** Seconds, as bigint text of the chain's block time. */
const SINCE = 'floor(extract(epoch from row.since))::bigint::text as since';
/** The rows and the indexer's position in one statement, hence of one moment. */
const INDEXED = 'exists (select 1 from panoptes.chain where genesis_hash = $1 and block >= $2)';
const NFTS = `select row.value::text as value, ${SINCE}
    from unnest($3::bigint[], $4::bigint[], $5::bigint[]) with ordinality as asked(video, channel, owner, place)
    left join panoptes.nft row
      on row.video = asked.video and row.channel = asked.channel
     and row.owner_member is not distinct from asked.owner and ${INDEXED}
   order by place`;
const HOLDINGS = `select null as value, ${SINCE}
    from unnest($3::bigint[], $4::bigint[], $5::numeric[]) with ordinality as asked(token, member, amount, place)
    left join panoptes.holding row
      on row.token = asked.token and row.member = asked.member and row.amount = asked.amount and ${INDEXED}
   order by place`;

interface Row {
  readonly value: string | null;
  readonly since: string | null;
}

export function createAcquisitionTables(database: Database): AcquisitionTables {
  /** How many blocks the tables are behind; `null` when they are of no chain or another. */
  const findLag = async ({ genesisHash, block }: AsOf): Promise<number | null> => {
    const [row] = await database.query<{ block: string }>(
      'select block::text from panoptes.chain where genesis_hash = $1',
      [genesisHash],
    );
    return row ? block - Number(row.block) : null;
  };
  const catchUp = async (asOf: AsOf): Promise<boolean> => {
    const deadline = performance.now() + CATCH_UP_MS_MAX;
    for (;;) {
      const lag = await findLag(asOf);
      if (lag !== null && lag <= 0) return true;
      if (lag === null || lag > CATCH_UP_BLOCKS_MAX || performance.now() >= deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, CATCH_UP_POLL_MS));
    }
  };

  /** All that is asked as of one block. `forget` is called when the tables are not there yet: the next one asks again. */
  const open = (asOf: AsOf, forget: () => void): Acquisitions => {
    const reader = <K>(text: string, columns: readonly ((key: K) => string | null)[]) => {
      const load = createBatch<K, Row>(
        (keys) =>
          database.query<Row & Record<string, unknown>>(text, [
            asOf.genesisHash,
            asOf.block,
            ...columns.map((column) => keys.map(column)),
          ]),
        ROWS_MAX,
      );
      return async (key: K): Promise<Row | null> => ((await isReady()) ? load(key) : null);
    };
    // Asked once for all, and only when something needs it.
    let ready: Promise<boolean> | undefined;
    const isReady = (): Promise<boolean> => {
      ready ??= catchUp(asOf).then(
        (caughtUp) => {
          if (!caughtUp) forget();
          return caughtUp;
        },
        (error: unknown) => {
          forget();
          throw error;
        },
      );
      return ready;
    };
    const nft = reader<HeldNft>(NFTS, [
      ({ video }) => video,
      ({ channel }) => channel,
      ({ ownerMember }) => ownerMember,
    ]);
    const holding = reader<Holding>(HOLDINGS, [
      ({ token }) => token,
      ({ member }) => member,
      ({ amount }) => amount,
    ]);
    return {
      findNft: async (held) => {
        const row = await nft(held);
        return { ...(row?.value ? { value: row.value } : {}), ...sinceOf(row) };
      },
      findHolding: async (held) => sinceOf(await holding(held)),
    };
  };

  const blocks = new LRUCache<string, Acquisitions>({ max: BLOCKS_KEPT_MAX });
  return {
    at: (asOf) => {
      const name = `${asOf.genesisHash} ${asOf.block}`;
      const known = blocks.get(name);
      if (known) return known;
      const opened: Acquisitions = open(asOf, () => {
        if (blocks.peek(name) === opened) blocks.delete(name);
      });
      blocks.set(name, opened);
      return opened;
    },
  };
}

const sinceOf = (row: Row | null): { since?: number } => (row?.since ? { since: Number(row.since) } : {});
