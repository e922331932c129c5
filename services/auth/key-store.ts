import type { KeysResponse } from '../../shared/wire/index.ts';
import type { Database } from './database.ts';
import type { OwnKey } from './own-key.ts';

/** Signing keys as distributors learn of them. */
export interface KeyStore {
  /** Makes this node's certificate known; a renewed one takes the place of the old. */
  publish(key: OwnKey): Promise<void>;
  isRevoked(kid: string): Promise<boolean>;
  list(): Promise<KeysResponse['keys']>;
}

export function createKeyStore(database: Database): KeyStore {
  return {
    publish: async ({ certificate, certificateText }) => {
      await database.query(
        `insert into panoptes.signing_key (kid, certificate) values ($1, $2)
         on conflict (kid) do update set certificate = excluded.certificate
         where signing_key.certificate <> excluded.certificate`,
        [certificate.kid, certificateText],
      );
    },
    isRevoked: async (kid) => {
      const rows = await database.query(
        'select 1 from panoptes.signing_key where kid = $1 and revoked_at is not null',
        [kid],
      );
      return rows.length > 0;
    },
    list: () =>
      database.query<KeysResponse['keys'][number]>(
        'select kid, certificate, revoked_at is not null as revoked from panoptes.signing_key order by kid',
      ),
  };
}
