import { LRUCache } from 'lru-cache';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import {
  createRoleToken,
  decodeToken,
  encodeBase64url,
  generateKeyPair,
  keyId,
  narrowToken,
  recheckToken,
  TokenError,
  verifyToken,
  type KeyPair,
  type RoleTokenClaims,
  type TokenReason,
  type VerifiedToken,
} from '../shared/token/index.ts';
import { atMost, race, ratio, rounded, type Run } from './harness.ts';

/** As many different tokens as keep any one of them from being a special case. */
const TOKENS = 512;
const NOW = 1_800_000_000;

/** What an app holds for somebody who follows a few channels. */
const claimsOf = (number: number): RoleTokenClaims => ({
  iss: 'auth.example',
  sub: `member:${number}`,
  iat: NOW,
  exp: NOW + 900,
  jti: `bench-${number}`,
  blk: 7_654_321,
  roles: [
    { role: 'member', member: String(number) },
    { role: 'crt_holder', channel: '12', token: '3', amount: '1000000000000', since: NOW - 86_400 },
    { role: 'channel_collaborator', channel: '40' },
  ],
});

export const run: Run = async ({ log }) => {
  const [auth, stranger, holder] = [generateKeyPair(), generateKeyPair(), generateKeyPair()];
  const trusted = {
    publicKey: auth.publicKey,
    notBefore: NOW,
    notAfter: NOW + 900,
    revoked: false,
    roles: '*',
  } as const;
  const kid = keyId(auth.publicKey);
  const keys = { findKey: (wanted: string) => (wanted === kid ? trusted : null) };
  const options = { keys, nowSec: NOW, leewaySec: 5, lifeSecMax: 1_800, gatewayLifeSecMax: 86_400 };

  const all = <T>(make: (number: number) => T): ((turn: number) => T) => {
    const made = Array.from({ length: TOKENS }, (_, number) => make(number));
    return (turn) => made[turn % TOKENS] ?? make(turn);
  };
  const claims = all(claimsOf);
  const token = all((number) => createRoleToken(claims(number), auth));
  const forged = all((number) => forge(token(number), claims(number), stranger));
  const cnf = { key: encodeBase64url(holder.publicKey) };
  const narrowed = all((number) => {
    const delegable = createRoleToken({ ...claims(number), cnf }, auth);
    return narrowToken(delegable, { exp: NOW + 60, scope: { assets: [String(number)] } }, holder);
  });
  const seen = new LRUCache<string, VerifiedToken>({ max: TOKENS });
  for (let number = 0; number < TOKENS; number++)
    seen.set(token(number), verifyToken(token(number), options));

  // A request brings another string each time, whose hash is not known yet.
  const received = all((number) => Buffer.from(token(number), 'latin1'));

  // OpenSSL signs and verifies the same bytes.
  const ed25519 = generateKeyPairSync('ed25519');
  const message = all((number) => Buffer.from(token(number).slice(0, token(number).lastIndexOf('.'))));
  const signature = all((number) => sign(null, message(number), ed25519.privateKey));

  const times = race(
    {
      sign: { work: (turn) => createRoleToken(claims(turn), auth).length > 86 },
      ed25519Sign: { work: (turn) => sign(null, message(turn), ed25519.privateKey).length === 64 },
      firstSight: { work: (turn) => verifyToken(token(turn), options).jti === claims(turn).jti },
      ed25519Verify: { work: (turn) => verify(null, message(turn), ed25519.publicKey, signature(turn)) },
      seen: { work: (turn) => isSeen(received(turn).toString('latin1')), callsPerSample: 100 },
      narrowed: { work: (turn) => verifyToken(narrowed(turn), options).exp === NOW + 60 },
      forged: { work: (turn) => reasonFor(forged(turn)) === 'signature_invalid' },
      read: { work: (turn) => decodeToken(token(turn)).exp === NOW + 900, callsPerSample: 10 },
    },
    { rounds: 9, roundMs: 150, log },
  );

  function isSeen(text: string): boolean {
    const verified = seen.get(text);
    if (!verified) return false;
    recheckToken(verified, options);
    return true;
  }
  function reasonFor(text: string): TokenReason | null {
    try {
      verifyToken(text, options);
      return null;
    } catch (error) {
      if (error instanceof TokenError) return error.reason;
      throw error;
    }
  }

  const figures: Record<string, number> = { tokenChars: token(0).length, narrowedChars: narrowed(0).length };
  for (const [name, { p50Us, p99Us }] of Object.entries(times)) {
    figures[`${name}P50Us`] = rounded(p50Us);
    figures[`${name}P99Us`] = rounded(p99Us);
  }
  const firstSightVsEd25519 = rounded(ratio(times.firstSight, times.ed25519Verify));
  figures.firstSightVsEd25519 = firstSightVsEd25519;
  figures.signVsEd25519 = rounded(ratio(times.sign, times.ed25519Sign));
  figures.seenVsFirstSight = rounded(ratio(times.seen, times.firstSight));
  return { figures, budgets: { firstSightVsEd25519: atMost(2, firstSightVsEd25519) } };
};

/** The same token with the signature of a key nobody certified. */
function forge(genuine: string, claims: RoleTokenClaims, stranger: KeyPair): string {
  const [, , signature = ''] = createRoleToken(claims, stranger).split('.');
  return `${genuine.slice(0, genuine.lastIndexOf('.'))}.${signature}`;
}
