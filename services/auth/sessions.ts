import { createBatch } from '../../shared/base/index.ts';
import type { Database } from './database.ts';

export interface SessionRow {
  /** 0x hex. */
  readonly account: string;
  readonly sessionKey: string;
  /** Its owner has ended it, or the lead. */
  readonly isEnded: boolean;
}

export interface NewSession {
  readonly account: string;
  readonly sessionKey: string;
  /** `keyId` of the session key. */
  readonly sid: string;
  /** Where it lives, in the words of its owner. */
  readonly label: string | null;
  readonly expirationTime: Date;
}

/** A session that can still ask for tokens. */
export interface OpenSession {
  readonly sid: string;
  readonly label: string | null;
  readonly signedInAt: Date;
  readonly expiresAt: Date;
}

/** Sign-ins that have been used. Every method throws Problem `unavailable` while the database cannot be reached. */
export interface Sessions {
  find(nonce: string): Promise<SessionRow | null>;
  /**
   * Records the first use of a nonce and answers whose it is: somebody else's when that one was first. `null`: the session
   * key has signed in before, with another nonce.
   */
  record(nonce: string, session: NewSession): Promise<SessionRow | null>;
  findOpen(sid: string): Promise<{ readonly account: string; readonly sessionKey: string } | null>;
  /** Of an account, newest first. */
  list(account: string): Promise<readonly OpenSession[]>;
  /** Ends one session of an account, or all of them (`null`), and revokes their tokens in the same step. Answers how many. */
  end(account: string, sid: string | null, by: string): Promise<number>;
  /** Drops the sessions that are over; their nonces are refused for their age from then on. */
  prune(now: Date): Promise<void>;
}

interface Row {
  readonly account: string;
  readonly session_key: string;
  readonly is_ended: boolean;
}

const NONCES_MAX = 500;
const COLUMNS = 'account, session_key, revoked_at is not null as is_ended';
const IS_OPEN = 'revoked_at is null and expires_at > now()';
/** The longest life of a token, and an hour for clocks and delays. */
const REVOCATION_KEPT = '25 hours';

export function createSessions(database: Database): Sessions {
  /** Every token request asks: those that come at a time take one query. */
  const find = createBatch<string, SessionRow | null>(async (nonces) => {
    const rows = await database.query<Row & { readonly nonce: string }>(
      `select nonce, ${COLUMNS} from panoptes.session where nonce = any($1)`,
      [[...new Set(nonces)]],
    );
    const found = new Map(
      rows.map(({ nonce, account, session_key, is_ended }) => [
        nonce,
        { account, sessionKey: session_key, isEnded: is_ended },
      ]),
    );
    return nonces.map((nonce) => found.get(nonce) ?? null);
  }, NONCES_MAX);
  return {
    find,
    record: async (nonce, { account, sessionKey, sid, label, expirationTime }) => {
      const added = await database.query<Row>(
        `insert into panoptes.session (nonce, account, session_key, sid, label, expires_at)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning ${COLUMNS}`,
        [nonce, account, sessionKey, sid, label, expirationTime],
      );
      return added.length > 0 ? { account, sessionKey, isEnded: false } : find(nonce);
    },
    findOpen: async (sid) => {
      const [row] = await database.query<Row>(
        `select ${COLUMNS} from panoptes.session where sid = $1 and ${IS_OPEN}`,
        [sid],
      );
      return row ? { account: row.account, sessionKey: row.session_key } : null;
    },
    list: (account) =>
      database.query<OpenSession & Record<string, unknown>>(
        `select sid, label, signed_in_at as "signedInAt", expires_at as "expiresAt" from panoptes.session
          where account = $1 and ${IS_OPEN} order by signed_in_at desc, sid`,
        [account],
      ),
    end: async (account, sid, by) => {
      const ended = await database.query(
        `with ended as (
           update panoptes.session set revoked_at = now()
            where account = $1 and ($2::text is null or sid = $2) and ${IS_OPEN} returning sid)
         insert into panoptes.revocation (kind, value, until, revoked_by)
         select 'sid', sid, now() + $3::interval, $4 from ended
         on conflict (kind, value) do update set at = excluded.at, until = excluded.until
         returning value`,
        [account, sid, REVOCATION_KEPT, by],
      );
      return ended.length;
    },
    prune: async (now) => {
      await database.query('delete from panoptes.session where expires_at < $1', [now]);
    },
  };
}
