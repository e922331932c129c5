import type { Pool } from '../shared/db/index.ts';
import {
  bytesToHex,
  createCertificate,
  createRoleToken,
  encodeBase64url,
  generateKeyPair,
  keyId,
  type RoleTokenClaims,
} from '../shared/token/index.ts';

/** What a lead and their auth node do for a distributor: a key it trusts, and tokens signed with it. */
export interface Lead {
  readonly rootKey: string;
  /** Puts into the tables what a distributor needs before it lets anybody in: the key, and a chain that was just read. */
  announce(pool: Pool): Promise<void>;
  /** Of a holder of channel 2's creator token, unless the claims say otherwise. */
  token(claims?: Partial<RoleTokenClaims>): string;
}

const ROLES: RoleTokenClaims['roles'] = [
  { role: 'member', member: '7' },
  { role: 'crt_holder', channel: '2', token: '4', amount: '500' },
];

export function createLead(): Lead {
  const [root, signing] = [generateKeyPair(), generateKeyPair()];
  const kid = keyId(signing.publicKey);
  const key = encodeBase64url(signing.publicKey);
  const nowSec = Math.floor(Date.now() / 1_000);
  const window = { nbf: nowSec - 60, exp: nowSec + 86_400 };
  const certificate = createCertificate({ kid, key, roles: '*', ...window }, root);
  return {
    rootKey: bytesToHex(root.publicKey),
    announce: async (pool) => {
      await pool.query('insert into panoptes.signing_key (kid, certificate) values ($1, $2)', [
        kid,
        certificate,
      ]);
      await pool.query(
        `insert into panoptes.chain (genesis_hash, block, block_hash, block_time, seen_at)
         values ('0x00', 1, '0x01', now(), now())`,
      );
    },
    token: (claims = {}) => {
      const iat = Math.floor(Date.now() / 1_000);
      return createRoleToken(
        {
          ...{ iss: 'bench', sub: 'member:7', iat, exp: iat + 1_800, jti: 'bench', blk: 1, roles: ROLES },
          ...claims,
        },
        signing,
      );
    },
  };
}
