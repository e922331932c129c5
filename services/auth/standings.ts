import { isRevoked, type Revocable, type RevocationLookup } from '../../shared/token/index.ts';
import type { Database } from './database.ts';

/** What of a token has been revoked. */
export interface Standing {
  readonly isKeyRevoked: boolean;
  readonly revocations: RevocationLookup;
}

/** Revocations as they are now, for tokens about to be signed and for those that come back. */
export interface Standings {
  /** By everything the token can be revoked by, in one round trip. Throws Problem `unavailable`. */
  find(token: Revocable & { readonly kid: string }): Promise<Standing>;
  /** Forgets what no token can be touched by any more. */
  prune(): Promise<void>;
}

interface Row {
  readonly kind: string;
  readonly value: string;
  /** Seconds since the epoch, rounded up. */
  readonly at: number;
}

export function createStandings(database: Database): Standings {
  return {
    find: async (token) => {
      const [kinds, values] = namesOf(token);
      const rows = await database.query<Row>(
        `select 'kid' as kind, kid as value, 0 as at from panoptes.signing_key where kid = $1 and revoked_at is not null
         union all
         select kind, value, ceil(extract(epoch from at))::float8
           from panoptes.revocation join unnest($2::text[], $3::text[]) as name(kind, value) using (kind, value)
          where until > now()`,
        [token.kid, kinds, values],
      );
      const known = new Map(rows.map(({ kind, value, at }) => [`${kind}|${value}`, at]));
      return {
        isKeyRevoked: known.has(`kid|${token.kid}`),
        revocations: {
          revokedUntil: (kind, value) => known.get(`${kind}|${value}`) ?? Number.NEGATIVE_INFINITY,
        },
      };
    },
    prune: async () => {
      await database.query('delete from panoptes.revocation where until < now()');
    },
  };
}

/** Kinds and values that are looked for as long as none of them is found: all of them. */
function namesOf(token: Revocable): [kinds: string[], values: string[]] {
  const [kinds, values]: [string[], string[]] = [[], []];
  isRevoked(token, {
    revokedUntil: (kind, value) => {
      kinds.push(kind);
      values.push(value);
      return Number.NEGATIVE_INFINITY;
    },
  });
  return [kinds, values];
}
