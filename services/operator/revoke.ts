import { UsageError } from '../../shared/runtime/index.ts';
import { RefusedError, type Command } from './command.ts';
import { withDatabase } from './database.ts';
import { NAMES_USAGE, parseRevocationOptions } from './revocation-options.ts';

const DAYS_MAX = 365;
/** The longest life of a token, and an hour for clocks and delays. */
const KEPT_AFTER = '25 hours';

/** Ends what tokens allow, on every distributor, within moments. */
export const revoke: Command = {
  name: 'revoke',
  summary: 'Ends tokens that are out: of a subject, a session, a gateway, a signing key, or one of them.',
  usage: `panoptes revoke --database-url postgres://… <what> [--days N]

${NAMES_USAGE}
  --days N          for a subject or a gateway: no new tokens either, for so long. Without it what is out is dead,
                    and new tokens are given for roles that the chain still holds.

Distributors hear of it at once and cut running answers. "panoptes revocations" lists what is in force, "panoptes
unrevoke" lifts it.
`,
  run: async (args, say) => {
    const { databaseUrl, kind, value, days } = parseRevocationOptions(args, ['days']);
    const forDays = parseDays(days, kind);
    await withDatabase(databaseUrl, async (pool) => {
      if (kind === 'kid') {
        const { rowCount } = await pool.query(
          'update panoptes.signing_key set revoked_at = coalesce(revoked_at, now()) where kid = $1',
          [value],
        );
        if (rowCount === 0) throw new RefusedError('there is no such signing key');
      } else {
        // A session that is revoked gives no new tokens either.
        await pool.query(
          `with ended as (
             update panoptes.session set revoked_at = coalesce(revoked_at, now()) where $1 = 'sid' and sid = $2)
           insert into panoptes.revocation (kind, value, at, until, revoked_by)
           values ($1, $2, now() + $3 * interval '1 day', now() + $3 * interval '1 day' + $4::interval, 'panoptes revoke')
           on conflict (kind, value) do update set
             at = greatest(revocation.at, excluded.at), until = greatest(revocation.until, excluded.until)`,
          [kind, value, forDays, KEPT_AFTER],
        );
      }
      say(`revoked: ${kind} ${value}${forDays > 0 ? `, for ${forDays} days` : ''}`);
    });
  },
};

function parseDays(text: string, kind: string): number {
  if (text === '') return 0;
  if (kind !== 'sub' && kind !== 'gateway') throw new UsageError('--days goes with --sub and --gateway');
  const days = Number(text);
  if (!/^\d{1,3}$/.test(text) || days < 1 || days > DAYS_MAX)
    throw new UsageError(`--days is a whole number from 1 to ${DAYS_MAX}`);
  return days;
}
