import {
  currentPosition,
  inSnapshot,
  readChanges,
  type Pool,
  type PoolClient,
  type Position,
} from '../../../shared/db/index.ts';
import type { Fact } from './facts.ts';
import { readAllFacts, readChangedFacts } from './read-facts.ts';

/** Where a node stands: what it knows, and since when. Times are `performance.now()`s: no clock is set back under it. */
export interface Stand {
  /** Everything visible here is known. */
  readonly position: Position;
  /** Everything committed before this moment is known. */
  readonly at: number;
  /** The tables held everything the chain had finalized at this moment; -Infinity: they never did. */
  readonly chainAt: number;
}

/** Entities per look; when more have changed, everything is loaded again. */
const CHANGES_MAX = 500_000;

/** Hands everything there is to `take`, in parts, all of one snapshot. */
export function readEverything(pool: Pool, take: (facts: readonly Fact[]) => void): Promise<Stand> {
  return inSnapshot(pool, async (client) => {
    const at = performance.now();
    const position = await currentPosition(client);
    for await (const facts of readAllFacts(client)) take(facts);
    return { position, at, chainAt: await readChainTime(client) };
  });
}

/**
 * Hands everything that changed since to `take`, at once, so that it can become visible at once: taken together with
 * what was known it is the state of one snapshot. Throws `PositionLostError` when it cannot be told any more.
 */
export function readOn(pool: Pool, stand: Stand, take: (facts: readonly Fact[]) => void): Promise<Stand> {
  return inSnapshot(pool, async (client) => {
    const at = performance.now();
    const { changes, position } = await readChanges(client, stand.position, CHANGES_MAX);
    const facts = await readChangedFacts(client, changes);
    const chainAt = await readChainTime(client);
    take(facts);
    return { position, at, chainAt };
  });
}

/**
 * By ages on the database's own clock, so that no two clocks need to agree. Both count: an indexer behind a stuck RPC
 * node is up to date with an old block.
 */
async function readChainTime(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ age_ms: number }>(
    `select (extract(epoch from clock_timestamp() - least(seen_at, block_time)) * 1000)::float8 as age_ms
       from panoptes.chain`,
  );
  const [chain] = rows;
  return chain ? performance.now() - chain.age_ms : Number.NEGATIVE_INFINITY;
}
