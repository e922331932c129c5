import { createPool, type Pool } from '../../shared/db/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { withLocks } from './attach/patiently.ts';
import { findAttachedSource } from './attach/presence.ts';
import { RefusedError, type Command } from './command.ts';
import { parseDatabaseUrl, parseOptions } from './options.ts';

const WAIT_MS_MAX = 300_000;

export const detach: Command = {
  name: 'detach',
  summary: 'Takes away all that panoptes attach put into a database.',
  usage: `  panoptes detach --database-url postgres://…

Drops the triggers on the processor's tables and the schemas panoptes and panoptes_host, with the access policies, signing
keys and sessions in them: take those along first where they are still needed (pg_dump -n panoptes).
`,
  run: async (args, say) => {
    const options = parseOptions(args, { required: ['database-url'] });
    const pool = createPool(
      parseDatabaseUrl('database-url', options['database-url']),
      createLog('panoptes', 'silent'),
    );
    try {
      if ((await findAttachedSource(pool)) === null) throw new RefusedError('this database is not attached');
      const tables = await findTablesWithTriggers(pool);
      await withLocks(pool, { tables, mode: 'access exclusive', waitMs: WAIT_MS_MAX }, async (client) => {
        await client.query('drop schema panoptes_host cascade');
        await client.query('drop schema panoptes cascade');
      });
      say('Detached: nothing of panoptes is left in this database.');
    } finally {
      await pool.end();
    }
  },
};

async function findTablesWithTriggers(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ quoted: string }>(
    `select distinct format('%I.%I', n.nspname, c.relname) as quoted
       from pg_trigger t join pg_proc p on p.oid = t.tgfoid
       join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where p.pronamespace = 'panoptes_host'::regnamespace and n.nspname <> 'panoptes' order by 1`,
  );
  return rows.map(({ quoted }) => quoted);
}
