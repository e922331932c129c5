import { readFile } from 'node:fs/promises';
import { until } from '../support/until.ts';
import { PAIR, type Arena } from './arena.ts';
import { freeze } from './events.ts';
import { ask } from './oracle.ts';

/** Too long for a schedule; each says what it saw. */
export const LONG_FAULTS: Readonly<Record<string, (arena: Arena) => Promise<string>>> = {
  'Postgres is stopped for a minute': stopForAMinute,
  'a transaction changes a million rows': changeAMillion,
};

const MINUTE_MS = 60_000;
const HASH = 'gVx96LvWYTq4ouocjvwMMa1NAXtiAquREsid1RCcYLtATQ';
const GATED = 102;

/** What is not public is refused for being old, until the server goes on; what is public never. */
async function stopForAMinute(arena: Arena): Promise<string> {
  const { pool } = arena;
  await pool.query('insert into panoptes.channel (id, owner_member, is_public) values ($1, 1, true)', [
    GATED,
  ]);
  await pool.query(`insert into panoptes.asset values ($1, $1, null, 'cover', 1, $2)`, [GATED, HASH]);
  await pool.query(
    `insert into panoptes.policy (scope, id, document, updated_by) values ('channel', $1, $2, 'x')`,
    [GATED, JSON.stringify({ v: 1, '*': { role: 'member' } })],
  );
  const untilTold = (gated: string): Promise<void> =>
    until(
      `${gated} everywhere`,
      async () => {
        for (const distributor of [arena.distributor, arena.other]) {
          const answers = await ask({ distributor }, [String(PAIR[0]), String(GATED)], null);
          if (answers.join() !== `open,${gated}`) return false;
        }
        return true;
      },
      MINUTE_MS,
    );
  await untilTold('token_missing');
  const frozen = freeze(await arena.backends(), MINUTE_MS);
  await untilTold('policy_stale');
  await frozen;
  await untilTold('token_missing');
  return 'stale meanwhile, and well again';
}

const ROWS = 1_000_000;
const FIRST = 10_000_000;
/** A million changed assets are some ten megabytes; the rest is what reading them leaves to be collected. */
const MEMORY_BYTES_MAX = 300 * 2 ** 20;

/** In one step, and without having them all in memory. */
async function changeAMillion(arena: Arena): Promise<string> {
  const ids = [0, 1 / 3, 2 / 3, 1].map((part) => String(FIRST + Math.round(part * (ROWS - 1))));
  const before = await memory(arena.distributor.pid, 'VmRSS');
  const step = async (sql: string, values: readonly unknown[], wanted: string): Promise<void> => {
    await arena.pool.query(sql, [...values]);
    await until(
      wanted,
      async () => {
        const answers = new Set(await ask(arena, ids, null));
        if (answers.size !== 1) throw new Error(`half a transaction was seen: ${[...answers].join()}`);
        return answers.has(wanted);
      },
      5 * MINUTE_MS,
    );
  };
  await step(
    `insert into panoptes.asset select n, $1, null, 'cover', 1, $2
       from generate_series(${FIRST}, ${FIRST + ROWS - 1}) n`,
    [PAIR[0], HASH],
    'open',
  );
  await step(`delete from panoptes.asset where id >= ${FIRST}`, [], 'not_found');
  const taken = (await memory(arena.distributor.pid, 'VmHWM')) - before;
  if (taken > MEMORY_BYTES_MAX) throw new Error(`it took ${Math.round(taken / 2 ** 20)} MiB`);
  return `in one step each, with ${Math.round(taken / 2 ** 20)} MiB at most`;
}

async function memory(pid: number, what: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1_024;
}
