import {
  copyOut,
  inSnapshot,
  PositionLostError,
  type CopyRow,
  type Pool,
  type PoolClient,
  type Position,
} from '../../../shared/db/index.ts';
import type { Knowledge, KnowledgeDraft } from './knowledge.ts';
import { findFact, isStand, toStand, type StandRecord } from './records.ts';
import { LOSS_KEEP_MS } from './role-losses.ts';

/** Where a node stands: what it knows, and since when. Times are `performance.now()`s: no clock is set back under it. */
export interface Stand {
  /** Everything visible here is known. */
  readonly position: Position;
  /** Everything committed before this moment is known. */
  readonly at: number;
  /** The tables held everything the chain had finalized at this moment; -Infinity: they never did. */
  readonly chainAt: number;
}

/** What has been read: true once it is committed. */
export interface Reading {
  readonly stand: Stand;
  /** Makes all of it known, in one step. */
  readonly commit: () => void;
}

/** Read by a statement each, in one snapshot. Losses and revocations that can touch no token any more are not read. */
const VIEWS = [
  'channel_record',
  'video_record',
  'asset_record',
  'policy_record',
  'signing_key_record',
  'bag_record',
  'bucket_record',
  `role_loss_record where second > (extract(epoch from now()) * 1000)::bigint - ${LOSS_KEEP_MS}`,
  `revocation_record where second > (extract(epoch from now()) * 1000)::bigint`,
];

/** Reads everything there is, as of one snapshot. */
export function readEverything(pool: Pool, knowledge: Knowledge): Promise<Reading> {
  return inSnapshot(pool, (client) =>
    read(knowledge.draft('nothing'), async (take, getStand) => {
      await copy(client, 'select * from panoptes.stand_record()', take);
      getStand();
      for (const view of VIEWS) await copy(client, `select * from panoptes.${view}`, take);
    }),
  );
}

/** Changes to be told; from there on it is quicker to load everything. */
const CHANGES_MAX = 5_000_000;

/** What changed, table by table: for so many changes that they had better stream than be put together by the server. */
const CHANGED = [
  'changed_channels',
  'changed_videos',
  'changed_assets',
  'changed_policies',
  'changed_signing_keys',
  'changed_role_losses',
  'changed_revocations',
  'changed_bags',
  'changed_buckets',
];

/**
 * Reads what changed since: with what is known it makes the state of one snapshot. One statement, and with it one round
 * trip, unless there is very much of it. Throws `PositionLostError` when it cannot be told any more.
 */
export async function readOn(pool: Pool, after: Position, knowledge: Knowledge): Promise<Reading> {
  const changed = `select * from panoptes.changed_since(${literal(after)})`;
  try {
    return await withClient(pool, (client) =>
      read(knowledge.draft('known'), (take) => copy(client, changed, take), after),
    );
  } catch (error) {
    if (!(error instanceof PositionLostError) || error.reason !== 'many') throw error;
  }
  return inSnapshot(pool, (client) => readInSnapshot(client, after, knowledge));
}

/** The same within the snapshot of a transaction, so that more can be read in it. */
export const readInSnapshot = (client: PoolClient, after: Position, knowledge: Knowledge): Promise<Reading> =>
  read(
    knowledge.draft('known'),
    async (take) => {
      const from = literal(after);
      await copy(client, `select * from panoptes.stand_record_after(${from}, ${CHANGES_MAX})`, take);
      for (const name of CHANGED) await copy(client, `select * from panoptes.${name}(${from})`, take);
    },
    after,
  );

/** COPY takes no parameters. */
function literal({ snapshot }: Position): string {
  if (!/^[\d:,]+$/.test(snapshot)) throw new PositionLostError('damaged');
  return `'${snapshot}'`;
}

/** A statement of its own is a transaction of its own. A client whose statement failed may be in any state. */
async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    const result = await work(client);
    isBroken = false;
    return result;
  } finally {
    client.release(isBroken);
  }
}

async function read(
  draft: KnowledgeDraft,
  rows: (take: (row: CopyRow) => void, getStand: () => StandRecord) => Promise<void>,
  after?: Position,
): Promise<Reading> {
  const startedAt = performance.now();
  let found: StandRecord | null = null;
  const getStand = (): StandRecord => {
    if (found === null) throw new Error('the database does not say where it stands');
    if (found.isIncomplete) throw new Error('not every table has been replicated to this database yet');
    return found;
  };
  try {
    await rows((row) => {
      if (isStand(row)) found = toStand(row);
      else {
        const fact = findFact(row);
        if (fact) draft.take(fact);
      }
    }, getStand);
    const stand = getStand();
    if (after !== undefined && after.server !== stand.position.server)
      throw new PositionLostError('other_server');
    if (stand.lost !== null) throw new PositionLostError(stand.lost);
    return {
      stand: {
        position: stand.position,
        at: startedAt - stand.replicationAgeMs,
        chainAt: startedAt - stand.chainAgeMs,
      },
      commit: () => {
        draft.commit();
      },
    };
  } catch (error) {
    draft.discard();
    throw error;
  }
}

const copy = (client: PoolClient, select: string, take: (row: CopyRow) => void): Promise<void> =>
  copyOut(client, `copy (${select}) to stdout (format binary)`, take);
