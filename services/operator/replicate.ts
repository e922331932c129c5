import { createPool, type Pool } from '../../shared/db/index.ts';
import { createLog, UsageError } from '../../shared/runtime/index.ts';
import { RefusedError, type Command } from './command.ts';
import { parseDatabaseUrl, parseOptions } from './options.ts';
import { parseRegionName } from './replication/names.ts';
import { forgetRegion, publish, unpublish } from './replication/publication.ts';
import { promote, restart, subscribe, unsubscribe } from './replication/region.ts';
import { readStatus } from './replication/status.ts';

type Say = (line: string) => void;
type Options = Partial<Record<'from' | 'name', string>>;

interface Action {
  readonly required: readonly ('from' | 'name')[];
  readonly optional?: readonly 'from'[];
  readonly run: (pool: Pool, options: Options, say: Say) => Promise<void>;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  publish: {
    required: [],
    run: async (pool, _options, say) => {
      say(`published: ${(await publish(pool)).join(', ')}`);
    },
  },
  subscribe: {
    required: ['from', 'name'],
    run: async (pool, { from = '', name = '' }, say) => {
      await subscribe(pool, parseRegionName(name), parseDatabaseUrl('from', from));
      say('subscribed; `panoptes replicate status` says when all of it is there');
    },
  },
  status: {
    required: [],
    run: async (pool, _options, say) => {
      const { facts, problems } = await readStatus(pool);
      for (const line of facts) say(line);
      if (problems.length > 0) throw new RefusedError(problems.join('; '));
    },
  },
  restart: {
    required: [],
    optional: ['from'],
    run: async (pool, { from }, say) => {
      await restart(pool, from === undefined ? null : parseDatabaseUrl('from', from));
      say('all of it is copied again');
    },
  },
  unsubscribe: {
    required: [],
    run: async (pool, _options, say) => {
      const isTold = await unsubscribe(pool);
      say('unsubscribed; what is here counts as getting old from now on');
      if (!isTold)
        say('the published server could not be told and keeps log for this region: forget it over there');
    },
  },
  promote: {
    required: [],
    run: async (pool, _options, say) => {
      await promote(pool);
      say('this database stands for itself now');
    },
  },
  forget: {
    required: ['name'],
    run: async (pool, { name = '' }, say) => {
      await forgetRegion(pool, parseRegionName(name));
      say('nothing is kept for that region any more');
    },
  },
  unpublish: {
    required: [],
    run: async (pool, _options, say) => {
      await unpublish(pool);
      say('not published any more');
    },
  },
};

const USAGE = `panoptes replicate <action> --database-url postgres://… [options]

On the database that the indexer writes, whose server runs with wal_level = logical:
  publish                                 lets regions subscribe; again after every upgrade
  forget --name REGION                    keeps nothing any more for a region that is gone
  unpublish                               takes it back

On a region's empty database, as a superuser or a member of pg_create_subscription:
  subscribe --name REGION --from URL      copies everything from URL, as this server reaches it, and follows; again
                                          after every upgrade
  restart [--from URL]                    copies everything again: for a region that was away for too long
  unsubscribe                             ends it; distributors there refuse what is not public once it is old
  promote                                 after that: makes it a database in its own right

On either:
  status                                  what there is, and exit code 1 when something is wrong with it
`;

export const replicate: Command = {
  name: 'replicate',
  summary: 'One database in many regions, by logical replication.',
  usage: USAGE,
  run: async ([name = '', ...args], say) => {
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (!action) throw new UsageError(`the first argument is one of ${Object.keys(ACTIONS).join(', ')}`);
    const options = parseOptions(args, {
      required: ['database-url', ...action.required],
      optional: action.optional ?? [],
    });
    const databaseUrl = parseDatabaseUrl('database-url', options['database-url']);
    const pool = createPool(databaseUrl, createLog('replicate', 'silent'));
    try {
      await action.run(pool, options, say);
    } finally {
      await pool.end();
    }
  },
};
