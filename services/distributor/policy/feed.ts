import { backoffMs, openOrCleanUp } from '../../../shared/base/index.ts';
import {
  inSnapshot,
  openListener,
  PositionLostError,
  type Pool,
  type Position,
} from '../../../shared/db/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import { createDriftCheck, type DriftStats } from './drift.ts';
import type { Knowledge } from './knowledge.ts';
import { createPace } from './pace.ts';
import { readEverything, readInSnapshot, readOn, type Reading, type Stand } from './stand.ts';

/** What this node knows, kept current, and how old it is. Ages are in milliseconds. */
export interface Feed extends AsyncDisposable {
  /** The same object for good; what it knows changes. */
  readonly knowledge: Knowledge;
  /** Since the database was last seen to hold nothing this node did not know; Infinity until it ever was. */
  policyAgeMs(): number;
  /** Since the tables last held everything the chain had finalized; Infinity until they ever did. */
  chainAgeMs(): number;
  /** The older of both. Until the database was read: of what an earlier run knew, by the clock on the wall. */
  knownAgeMs(): number;
  /** Where `knowledge` stands at this moment; `null`: it is empty. */
  readonly position: Position | null;
  /** Resolves when the database has been read, however long that takes. */
  readonly current: Promise<void>;
  /** Times it looked, and times it loaded everything. */
  readonly stats: { readonly looks: number; readonly loads: number; readonly drift: DriftStats };
}

export interface FeedOptions {
  readonly pool: Pool;
  readonly databaseUrl: string;
  /** What is kept current. */
  readonly knowledge: Knowledge;
  /** Where `knowledge` stands already, from an earlier run. */
  readonly start?: Position | null;
  /** When that held everything, in milliseconds since the epoch. */
  readonly startKnownAt?: number;
  readonly log: Logger;
  /** The net under lost notifications. */
  readonly pollMs?: number;
  /** What is known is compared with the tables every so often, a little at a time. */
  readonly checkMs?: number;
}

const PRUNE_MS = 60_000;
const CHECK_MS = 2_000;

/**
 * Opens the feed: LISTEN, then everything as of one snapshot (or from where an earlier run stood), then what changed
 * since that snapshot, for ever. Resolves at once; a database that is not there yet is waited for.
 *
 * - A notification is only a hint that now is a good time to look, and so is a connection that came back. Whatever
 *   happens to them, the feed looks every `pollMs`; one look is under way at a time.
 * - What a look reads goes to a draft as it comes, and becomes known at once when all of it is there. A look that fails
 *   changes nothing and is tried again, later each time; meanwhile the ages grow, and that is all that anybody sees.
 * - When the changes since the last look can no longer be told (pruned, a restored database), everything is loaded
 *   beside what is known, and replaces it at once. That takes twice the memory while it lasts.
 */
export function openFeed(options: FeedOptions): Promise<Feed> {
  const { pool, databaseUrl, knowledge, log, pollMs = 1_000, checkMs = CHECK_MS } = options;
  const pace = createPace();
  const drift = createDriftCheck(knowledge, log);
  const stats = { looks: 0, loads: 0, drift: drift.stats };
  let position = options.start ?? null;
  let stand: Stand | null = null;
  const earlierAt = performance.now() - Math.max(0, Date.now() - (options.startKnownAt ?? 0));
  let checkedAt = performance.now();
  let isCurrent: () => void = () => undefined;
  const current = new Promise<void>((resolve) => (isCurrent = resolve));

  const take = ({ stand: reached, commit }: Reading): void => {
    commit();
    stand = reached;
    position = reached.position;
  };

  const load = async (): Promise<void> => {
    const startedAt = performance.now();
    take(await readEverything(pool, knowledge));
    stats.loads += 1;
    const ms = Math.round(performance.now() - startedAt);
    log.info({ ...knowledge.sizes(), ms }, 'everything is loaded');
  };

  const look = async (from: Position): Promise<void> => {
    take(await readOn(pool, from, knowledge));
    stats.looks += 1;
  };

  /** A look in a transaction, for what is compared with the tables must be of the same snapshot as they. */
  const lookAndCheck = (from: Position): Promise<void> =>
    inSnapshot(pool, async (client) => {
      take(await readInSnapshot(client, from, knowledge));
      // What is known is current already, whatever becomes of comparing it.
      await drift
        .step(client)
        .catch((error: unknown) => log.warn({ err: error }, 'comparing with the tables failed'));
    });

  const step = async (): Promise<void> => {
    try {
      if (position === null) await load();
      else if (performance.now() - checkedAt < checkMs) await look(position);
      else {
        checkedAt = performance.now();
        await lookAndCheck(position);
      }
    } catch (error) {
      if (!(error instanceof PositionLostError)) throw error;
      log.warn({ reason: error.reason }, 'loading everything again');
      await load();
    }
    isCurrent();
  };

  const follow = async (): Promise<void> => {
    let failures = 0;
    let said = '';
    let prunedAt = performance.now();
    while (!pace.isStopped) {
      try {
        await step();
        if (failures > 0) log.info({ failures }, 'the database can be read');
        failures = 0;
      } catch (error) {
        failures += 1;
        const reason = error instanceof Error ? error.message : String(error);
        // What lasts is said ever more rarely.
        if (reason !== said || Number.isInteger(Math.log2(failures))) {
          if (stand === null) log.warn({ reason, failures }, adviceOn(error));
          else log.warn({ err: error, failures }, 'the database cannot be read');
        }
        said = reason;
      }
      if (performance.now() - prunedAt > PRUNE_MS) {
        knowledge.losses.prune(Date.now());
        knowledge.revocations.prune(Date.now());
        prunedAt = performance.now();
      }
      await (failures === 0
        ? pace.rest(pollMs)
        : pace.pause(backoffMs(failures, { baseMs: 100, capMs: 2 * pollMs })));
    }
  };

  return openOrCleanUp((opened) => {
    const closing = new AbortController();
    const { signal } = closing;
    const listening = openListener({
      databaseUrl,
      onNotify: () => pace.hint(),
      onConnect: () => pace.urge(),
      log,
      signal,
    });
    opened.defer(async () => {
      closing.abort(new Error('the feed is closed'));
      await listening.then(
        (listener) => listener[Symbol.asyncDispose](),
        () => undefined,
      );
    });
    const following = follow();
    opened.defer(() => {
      pace.stop();
      return following;
    });
    return Promise.resolve({
      knowledge,
      policyAgeMs: () => (stand === null ? Number.POSITIVE_INFINITY : performance.now() - stand.at),
      knownAgeMs: () => performance.now() - (stand === null ? earlierAt : Math.min(stand.at, stand.chainAt)),
      chainAgeMs: () => (stand === null ? Number.POSITIVE_INFINITY : performance.now() - stand.chainAt),
      get position() {
        return position;
      },
      current,
      stats,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    });
  });
}

/** Of Postgres: insufficient_privilege. */
const MAY_NOT = '42501';

/** What an operator can do while there is nothing to read. */
const adviceOn = (error: unknown): string =>
  error instanceof Error && 'code' in error && error.code === MAY_NOT
    ? 'waiting to be allowed to read: grant this role usage on schema panoptes and select on its tables'
    : 'waiting for the database, and for an indexer or auth node to make its tables';
