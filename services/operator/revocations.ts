import type { Command } from './command.ts';
import { withDatabase } from './database.ts';
import { parseDatabaseUrl, parseOptions } from './options.ts';

interface Row {
  readonly kind: string;
  readonly value: string;
  readonly at: Date;
  readonly by: string;
}

/** What is in force, newest first. */
export const revocations: Command = {
  name: 'revocations',
  summary: 'Lists what is revoked, by whom, and up to when tokens must have been issued.',
  usage: 'panoptes revocations --database-url postgres://…',
  run: async (args, say) => {
    const { 'database-url': url } = parseOptions(args, { required: ['database-url'] });
    await withDatabase(parseDatabaseUrl('database-url', url), async (pool) => {
      const { rows } = await pool.query<Row>(
        `select kind, value, at, revoked_by as by from panoptes.revocation where until > now()
         union all
         select 'kid', kid, revoked_at, '' from panoptes.signing_key where revoked_at is not null
         order by at desc`,
      );
      if (rows.length === 0) say('nothing is revoked');
      for (const { kind, value, at, by } of rows)
        say(`${kind.padEnd(8)} ${value}  ${at.toISOString()}  ${by}`.trimEnd());
    });
  },
};
