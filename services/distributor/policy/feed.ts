import { backoffMs, openOrCleanUp } from '../../../shared/base/index.ts';
import {
  currentPosition,
  inSnapshot,
  openListener,
  PositionLostError,
  readChanges,
  type Pool,
  type PoolClient,
  type Position,
} from '../../../shared/db/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import { Knowledge } from './knowledge.ts';
import { readAllRows, readChangedRows } from './rows.ts';

/** What this node knows, kept current, and how old it is. */
export interface Feed extends AsyncDisposable {
  readonly knowledge: Knowledge;
  /** Since the database was last seen to have nothing this node does not know. Milliseconds. */
  policyAgeMs(): number;
  /** Since the tables last held everything the chain had finalized. Milliseconds; Infinity until they ever did. */
  chainAgeMs(): number;
}

export interface FeedOptions {
  readonly pool: Pool;
  readonly databaseUrl: string;
  /** The root whose certificates make signing keys trusted. */
  readonly rootKey: Uint8Array;
  readonly log: Logger;
  /** The net under lost notifications. */
  readonly pollMs?: number;
}

/** Entities per look; when more have changed, everything is loaded again. */
const CHANGES_MAX = 500_000;
const PRUNE_LOSSES_MS = 60_000;

/** Where the feed stands. Times are `performance.now()`s. */
interface Stand {
  readonly position: Position;
  /** Everything committed before is known. */
  readonly at: number;
  /** The tables then held everything the chain had finalized; -Infinity: they never have. */
  readonly chainSeenAt: number;
}

/**
 * Opens the feed: LISTEN, then everything as of one snapshot, then changes from that snapshot's position on. Resolves
 * once everything is in; a database that is not there yet is waited for. A notification is only a hint that now is a
 * good time to look: whatever else happens, the feed looks every `pollMs`, and only one look is under way at a time.
 */
export function openFeed(options: FeedOptions): Promise<Feed> {
  return openOrCleanUp(async (opened) => {
    const { pool, databaseUrl, rootKey, log, pollMs = 1_000 } = options;
    const knowledge = new Knowledge(rootKey, log);
    let stand: Stand;
    let ended = false;
    let wake = (): void => undefined;
    let isWoken = false;

    const hint = (): void => {
      isWoken = true;
      wake();
    };
    /** Resolves at the next hint, or after `ms`. */
    const rest = (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (isWoken || ended) wake();
      });

    /** Everything there is, first into a knowledge of its own, so that nobody sees half of it. */
    const load = (): Promise<Stand> =>
      inSnapshot(pool, async (client) => {
        const at = performance.now();
        const loaded = new Knowledge(rootKey, log);
        const position = await currentPosition(client);
        for await (const rows of readAllRows(client)) loaded.apply(rows);
        const chainSeenAt = await readChainSeenAt(client);
        knowledge.become(loaded);
        return { position, at, chainSeenAt };
      });

    /** What changed since, all of it at once. Throws PositionLostError when that can no longer be told. */
    const catchUp = ({ position: after }: Stand): Promise<Stand> =>
      inSnapshot(pool, async (client) => {
        const at = performance.now();
        const { changes, position } = await readChanges(client, after, CHANGES_MAX);
        const rows = changes.length > 0 ? await readChangedRows(client, changes) : null;
        const chainSeenAt = await readChainSeenAt(client);
        if (rows) knowledge.apply(rows);
        return { position, at, chainSeenAt };
      });

    const look = async (): Promise<Stand> => {
      try {
        return await catchUp(stand);
      } catch (error) {
        if (!(error instanceof PositionLostError)) throw error;
        log.warn({ reason: error.reason }, 'loading everything again');
        return load();
      }
    };

    const follow = async (): Promise<void> => {
      let failures = 0;
      let prunedAt = performance.now();
      while (!ended) {
        isWoken = false;
        try {
          stand = await look();
          failures = 0;
        } catch (error) {
          failures += 1;
          log.warn({ err: error, failures }, 'the database cannot be read');
        }
        if (performance.now() - prunedAt > PRUNE_LOSSES_MS) {
          knowledge.losses.prune(Date.now());
          prunedAt = performance.now();
        }
        await rest(failures === 0 ? pollMs : backoffMs(failures, { baseMs: 100, capMs: pollMs * 5 }));
      }
    };

    opened.use(await openListener({ databaseUrl, onNotify: hint, onConnect: hint, log }));
    stand = await loadWithPatience(load, log);
    const following = follow();
    opened.defer(() => {
      ended = true;
      wake();
      return following;
    });
    return {
      knowledge,
      policyAgeMs: () => performance.now() - stand.at,
      chainAgeMs: () => performance.now() - stand.chainSeenAt,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

async function loadWithPatience(load: () => Promise<Stand>, log: Logger): Promise<Stand> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await load();
    } catch (error) {
      log.warn({ err: error }, 'waiting for the database and its schema');
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, { baseMs: 200 })));
    }
  }
}

/** From the age by the database's own clock, so that no two clocks need to agree. */
async function readChainSeenAt(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ age_ms: number }>(
    'select (extract(epoch from clock_timestamp() - seen_at) * 1000)::float8 as age_ms from panoptes.chain',
  );
  return performance.now() - (rows[0]?.age_ms ?? Number.POSITIVE_INFINITY);
}
