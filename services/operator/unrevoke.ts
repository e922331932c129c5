import { UsageError } from '../../shared/runtime/index.ts';
import { RefusedError, type Command } from './command.ts';
import { withDatabase } from './database.ts';
import { NAMES_USAGE, parseRevocationOptions } from './revocation-options.ts';

/** Takes back what was revoked by mistake. */
export const unrevoke: Command = {
  name: 'unrevoke',
  summary: 'Lifts a revocation: tokens that have not expired count again.',
  usage: `panoptes unrevoke --database-url postgres://… <what>

${NAMES_USAGE}

A session that its owner or "panoptes revoke" has ended gets no new tokens: the person signs in again. A signing key that
was revoked may be in the wrong hands: it stays so.
`,
  run: async (args, say) => {
    const { databaseUrl, kind, value } = parseRevocationOptions(args);
    if (kind === 'kid') throw new UsageError('a signing key stays revoked: have the root certify another');
    await withDatabase(databaseUrl, async (pool) => {
      const { rowCount } = await pool.query(
        'delete from panoptes.revocation where kind = $1 and value = $2',
        [kind, value],
      );
      if (rowCount === 0) throw new RefusedError('that is not revoked');
      say(`lifted: ${kind} ${value}`);
    });
  },
};
