import { keyId, parseBase64url } from '../../shared/token/index.ts';
import type { Database } from './database.ts';

export interface SessionRow {
  /** 0x hex. */
  readonly account: string;
  readonly sessionKey: string;
}

/** Sign-ins that have been used. Every method throws Problem `unavailable` while the database cannot be reached. */
export interface Sessions {
  find(nonce: string): Promise<SessionRow | null>;
  /** Records the first use of a nonce and answers whose it is: somebody else's when that one was first. */
  record(nonce: string, session: SessionRow & { readonly expirationTime: Date }): Promise<SessionRow>;
  /** Drops the sessions that are over; their nonces are refused for their age from then on. */
  prune(now: Date): Promise<void>;
}

interface Row {
  readonly account: string;
  readonly session_key: string;
}

export function createSessions(database: Database): Sessions {
  const find = async (nonce: string): Promise<SessionRow | null> => {
    const [row] = await database.query<Row>(
      'select account, session_key from panoptes.session where nonce = $1',
      [nonce],
    );
    return row ? { account: row.account, sessionKey: row.session_key } : null;
  };
  return {
    find,
    record: async (nonce, { account, sessionKey, expirationTime }) => {
      const added = await database.query<Row>(
        `insert into panoptes.session (nonce, account, session_key, sid, expires_at) values ($1, $2, $3, $4, $5)
         on conflict (nonce) do nothing returning account, session_key`,
        [nonce, account, sessionKey, keyId(parseBase64url(sessionKey, 'the session key')), expirationTime],
      );
      return added.length > 0 ? { account, sessionKey } : ((await find(nonce)) ?? { account, sessionKey });
    },
    prune: async (now) => {
      await database.query('delete from panoptes.session where expires_at < $1', [now]);
    },
  };
}
