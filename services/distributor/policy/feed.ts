import { backoffMs, openOrCleanUp } from '../../../shared/base/index.ts';
import { openListener, PositionLostError, type Pool } from '../../../shared/db/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import type { Knowledge } from './knowledge.ts';
import { createPace } from './pace.ts';
import { readEverything, readOn, type Stand } from './stand.ts';

/** What this node knows, kept current, and how old it is. Ages are in milliseconds. */
export interface Feed extends AsyncDisposable {
  /** The same object for good; what it knows changes. */
  readonly knowledge: Knowledge;
  /** Since the database was last seen to hold nothing this node did not know. */
  policyAgeMs(): number;
  /** Since the tables last held everything the chain had finalized; Infinity until they ever did. */
  chainAgeMs(): number;
}

export interface FeedOptions {
  readonly pool: Pool;
  readonly databaseUrl: string;
  /** What is kept current. */
  readonly knowledge: Knowledge;
  readonly log: Logger;
  /** The net under lost notifications. */
  readonly pollMs?: number;
}

const PRUNE_MS = 60_000;

/**
 * Opens the feed: LISTEN, then everything as of one snapshot, then what changed since that snapshot, for ever. Resolves
 * once everything is in; a database that is not there yet is waited for.
 *
 * - A notification is only a hint that now is a good time to look, and so is a connection that came back. Whatever
 *   happens to them, the feed looks every `pollMs`; one look is under way at a time.
 * - A look that fails changes nothing and is tried again, later each time; meanwhile the ages grow, and that is all
 *   that anybody sees of it.
 * - When the changes since the last look can no longer be told (pruned, a restored database), everything is loaded
 *   beside what is known, which then becomes it at once. That takes twice the memory while it lasts.
 */
export function openFeed(options: FeedOptions): Promise<Feed> {
  const { pool, databaseUrl, knowledge, log, pollMs = 1_000 } = options;
  const pace = createPace();

  const load = async (): Promise<Stand> => {
    const draft = knowledge.draft('nothing');
    const stand = await readEverything(pool, (facts) => {
      for (const fact of facts) draft.take(fact);
    });
    draft.commit();
    log.info({ ...knowledge.sizes(), ms: Math.round(performance.now() - stand.at) }, 'everything is loaded');
    return stand;
  };

  const look = async (stand: Stand): Promise<Stand> => {
    try {
      return await readOn(pool, stand, (facts) => {
        const draft = knowledge.draft('known');
        for (const fact of facts) draft.take(fact);
        draft.commit();
      });
    } catch (error) {
      if (!(error instanceof PositionLostError)) throw error;
      log.warn({ reason: error.reason }, 'loading everything again');
      return load();
    }
  };

  return openOrCleanUp(async (opened) => {
    const hint = (): void => {
      pace.hint();
    };
    opened.use(await openListener({ databaseUrl, onNotify: hint, onConnect: hint, log }));
    let stand = await loadWithPatience(load, log);

    const follow = async (): Promise<void> => {
      let failures = 0;
      let prunedAt = performance.now();
      while (!pace.isStopped) {
        try {
          stand = await look(stand);
          failures = 0;
        } catch (error) {
          failures += 1;
          log.warn({ err: error, failures }, 'the database cannot be read');
        }
        if (performance.now() - prunedAt > PRUNE_MS) {
          knowledge.losses.prune(Date.now());
          prunedAt = performance.now();
        }
        await pace.rest(failures === 0 ? pollMs : backoffMs(failures, { baseMs: 100, capMs: 5 * pollMs }));
      }
    };
    const following = follow();
    opened.defer(() => {
      pace.stop();
      return following;
    });
    return {
      knowledge,
      policyAgeMs: () => performance.now() - stand.at,
      chainAgeMs: () => performance.now() - stand.chainAt,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

async function loadWithPatience(load: () => Promise<Stand>, log: Logger): Promise<Stand> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await load();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ reason }, 'waiting for the database, and for an indexer or auth node to make its tables');
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, { baseMs: 200 })));
    }
  }
}
