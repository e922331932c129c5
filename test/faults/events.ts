import { setTimeout } from 'node:timers/promises';
import { pruneChanges } from '../../shared/db/index.ts';
import { change, randomFrom, transact } from '../support/random-tables.ts';
import { insist, PAIR, type Arena } from './arena.ts';
import type { EventName } from './schedule.ts';

/** A writer whose connection broke does not care whether its transaction was kept: the tables say. */
const perhaps = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);

const terminate = (arena: Arena, which: string): Promise<unknown> =>
  perhaps(
    arena.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and ${which}`,
    ),
  );

/** Stops processes as they are, for so long. */
export async function freeze(pids: readonly number[], ms: number): Promise<void> {
  const send = (signal: NodeJS.Signals): void => {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  send('SIGSTOP');
  await setTimeout(ms);
  send('SIGCONT');
}

/** Ends the long transaction, whatever it has done. */
export async function endLong(arena: Arena, how: 'commit' | 'rollback'): Promise<void> {
  const { long } = arena;
  arena.long = null;
  if (!long) return;
  const isWell = await long.query(how).then(
    () => true,
    () => false,
  );
  long.release(!isWell);
}

export const HAPPEN: Readonly<Record<EventName, (arena: Arena, seed: number) => unknown>> = {
  transaction: ({ pool }, seed) => perhaps(transact(pool, randomFrom(seed))),
  'flip both': ({ pool }) =>
    perhaps(
      pool.query('update panoptes.channel set is_censored = not is_censored where id = any ($1)', [
        [...PAIR],
      ]),
    ),
  'two transactions at once': ({ pool }, seed) =>
    Promise.all([seed, seed + 1].map((one) => perhaps(transact(pool, randomFrom(one))))),
  'begin a long transaction': async (arena, seed) => {
    if (arena.long) return;
    await perhaps(
      (async () => {
        const client = await arena.pool.connect();
        arena.long = client;
        await client.query('begin');
        await change(client, randomFrom(seed));
      })(),
    );
  },
  'end the long transaction': (arena, seed) => endLong(arena, seed % 4 === 0 ? 'rollback' : 'commit'),
  wait: (_arena, seed) => setTimeout(seed % 100),
  'kill the listener': (arena) => terminate(arena, `application_name = 'panoptes listener'`),
  'kill every backend': (arena) => terminate(arena, 'true'),
  'cut the network': ({ network }) => {
    network.cut();
  },
  'refuse connections': ({ network }) => {
    network.refuse();
  },
  'mend the network': ({ network }) => {
    network.mend();
  },
  'slow the network': ({ network }, seed) => {
    network.delay(1 + (seed % 30));
  },
  'swallow everything': async ({ network }, seed) => {
    network.swallow();
    await setTimeout(seed % 500);
    network.mend();
    // A connection that never answers again is noticed by its deadline alone; here the network notices.
    network.cut();
  },
  'notify for nothing': ({ pool }) =>
    perhaps(pool.query(`select pg_notify('panoptes', n::text) from generate_series(1, 50) n`)),
  'prune the outbox': ({ pool }) => perhaps(pruneChanges(pool, 0)),
  'prune while cut off': async ({ pool, network }, seed) => {
    network.refuse();
    await perhaps(transact(pool, randomFrom(seed)));
    await perhaps(pruneChanges(pool, 0));
  },
  'stop Postgres for a while': async (arena, seed) => freeze(await arena.backends(), 100 + (seed % 900)),
  'restart Postgres': ({ postgres }, seed) => postgres.restart('fast', seed % 300),
  'crash Postgres': ({ postgres }, seed) => postgres.restart('immediate', seed % 300),
  'stop the distributor for a while': ({ distributor }, seed) =>
    freeze([distributor.pid], 100 + (seed % 900)),
  'kill the distributor': async (arena) => {
    await arena.distributor.kill('SIGKILL');
    arena.network.mend();
    await arena.distributor.restart();
  },
  'restart the distributor': async (arena) => {
    await arena.distributor.kill('SIGTERM');
    arena.network.mend();
    await arena.distributor.restart();
  },
};

/** Everything works again; what was under way has ended. */
export async function mend(arena: Arena): Promise<void> {
  arena.network.mend();
  await endLong(arena, 'commit');
  await insist(() => arena.pool.query('select 1'));
}
