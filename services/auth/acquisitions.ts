import type { Database } from './database.ts';

/**
 * What only the chain's history says, out of the indexer's tables: the last price of an NFT, and since when something
 * is held. Given only where a row is at least as new as the block the roles are read at and says the same as storage
 * there; otherwise left out, never guessed.
 */
export interface Acquisitions {
  findNft(held: {
    readonly video: string;
    readonly channel: string;
    /** `null`: it belongs to whoever owns the channel. */
    readonly ownerMember: string | null;
  }): Promise<{ readonly value?: string; readonly since?: number }>;
  findHolding(held: {
    readonly token: string;
    readonly member: string;
    readonly amount: string;
  }): Promise<{ readonly since?: number }>;
}

/** The tables as of a block; the chain they must be of. */
export interface AsOf {
  readonly genesisHash: string;
  readonly block: number;
}

export interface AcquisitionTables {
  /** Waits a moment for the indexer to reach the block: it hears of it when this node does. */
  at(asOf: AsOf): Acquisitions;
}

const CATCH_UP_MS_MAX = 2_000;
const CATCH_UP_POLL_MS = 50;
/** Farther behind, it will not be here in a moment. */
const CATCH_UP_BLOCKS_MAX = 10;

/** Seconds, as bigint text of the chain's block time. */
const SINCE = 'floor(extract(epoch from row.since))::bigint::text as since';
/** The row and the indexer's position in one statement, hence of one moment. */
const INDEXED = 'exists (select 1 from panoptes.chain where genesis_hash = $1 and block >= $2)';

interface Row {
  readonly value?: string | null;
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

  return {
    at: (asOf) => {
      // Asked once for all roles of a request, and only when one of them needs it.
      let ready: Promise<boolean> | undefined;
      const find = async (text: string, values: readonly unknown[]): Promise<Row | undefined> => {
        ready ??= catchUp(asOf);
        if (!(await ready)) return undefined;
        return (await database.query<Row>(text, [asOf.genesisHash, asOf.block, ...values]))[0];
      };
      return {
        findNft: async ({ video, channel, ownerMember }) => {
          const row = await find(
            `select row.value::text as value, ${SINCE} from panoptes.nft row
             where video = $3 and channel = $4 and owner_member is not distinct from $5 and ${INDEXED}`,
            [video, channel, ownerMember],
          );
          return { ...(row?.value ? { value: row.value } : {}), ...sinceOf(row) };
        },
        findHolding: async ({ token, member, amount }) =>
          sinceOf(
            await find(
              `select ${SINCE} from panoptes.holding row
               where token = $3 and member = $4 and amount = $5 and ${INDEXED}`,
              [token, member, amount],
            ),
          ),
      };
    },
  };
}

const sinceOf = (row: Row | undefined): { since?: number } =>
  row?.since ? { since: Number(row.since) } : {};
