import { randomBytes } from 'node:crypto';
import { nowSec, type Clock } from '../../shared/base/index.ts';
import {
  createRoleToken,
  isRevoked,
  TOKEN_ITEMS_MAX,
  TokenError,
  type Revocable,
  type RoleClaim,
  type RoleTokenClaims,
} from '../../shared/token/index.ts';
import {
  Problem,
  ROLE_REFUSALS,
  type RefusedRole,
  type RoleRequest,
  type TokenRequest,
  type TokenResponse,
} from '../../shared/wire/index.ts';
import type { AcquisitionTables } from './acquisitions.ts';
import type { ChainLink } from './chain-link.ts';
import type { OwnKey } from './own-key.ts';
import type { Standing, Standings } from './standings.ts';
import { refuseSignIn } from './refuse-sign-in.ts';
import { checkRole } from './roles/check-role.ts';
import { findActing, type RoleContext, type Verdict } from './roles/context.ts';
import type { SignIn } from './sign-in.ts';

export interface TokenIssuer {
  /**
   * Reads every asked role at one finalized block and signs those that are true. Throws Problem `chain_unavailable`
   * when that cannot be read, and `bad_request` with `fits` when the granted roles are too many for one token.
   */
  issue(signIn: SignIn, request: TokenRequest): Promise<TokenResponse>;
}

export function createTokenIssuer(options: {
  readonly key: OwnKey;
  readonly standings: Standings;
  readonly publicUrl: string;
  readonly tokenLifeSec: number;
  /** Of tokens that attest `gateway` and nothing else. */
  readonly gatewayTokenLifeSec: number;
  readonly chain: ChainLink;
  readonly acquisitions: AcquisitionTables;
  readonly clock: Clock;
}): TokenIssuer {
  const { key, standings, publicUrl, tokenLifeSec, gatewayTokenLifeSec, chain, acquisitions, clock } =
    options;

  const check = async (role: RoleRequest, context: RoleContext): Promise<Checked> => ({
    role,
    verdict: key.mayAttest(role.role) ? await checkRole(role, context) : { refusal: 'not_certified' },
  });

  return {
    issue: async (signIn, { member, delegable = false, aud, roles }) => {
      const { genesisHash } = chain.identity();
      const { block, acting, checked } = await chain.atHead(async (view, { number }) => {
        const acting = await findActing(view, signIn.account, member);
        const asOf = { genesisHash, block: number };
        const context = {
          account: signIn.account,
          member: acting,
          view,
          acquisitions: acquisitions.at(asOf),
        };
        const checked = await Promise.all(withoutRepeats(roles).map((role) => check(role, context)));
        return { block: number, acting, checked };
      });

      const iat = nowSec(clock);
      const origin = {
        kid: key.certificate.kid,
        sub: 'id' in acting ? `member:${acting.id}` : `account:${signIn.address}`,
        jti: randomBytes(16).toString('base64url'),
        iat,
      };
      const held = checked.flatMap(({ verdict }) => ('claim' in verdict ? [verdict.claim] : []));
      const standing =
        held.length === 0 ? null : await standings.find({ ...origin, sids: [signIn.sid], attested: held });
      const settled = checked.map((one) =>
        isDead(one, { ...origin, sid: signIn.sid }, standing) ? revoked(one) : one,
      );
      const granted = settled.flatMap(({ verdict }) => ('claim' in verdict ? [verdict.claim] : []));
      const refused = settled.flatMap(toRefused);
      if (granted.length === 0) return { token: null, expiresAt: 0, block, granted, refused };

      // Nobody would accept the token.
      if (!key.isInWindow(clock) || standing?.isKeyRevoked === true) {
        throw new Problem('unavailable', 'The signing key of this node is expired or revoked');
      }
      const isGateway = granted.every(({ role }) => role === 'gateway');
      const lifeSec = isGateway ? gatewayTokenLifeSec : tokenLifeSec;
      const exp = Math.min(iat + lifeSec, signIn.expiresAt, key.certificate.exp);
      // Reading the chain took the last of the session's time.
      if (exp <= iat) throw refuseSignIn('expired');
      const claims = {
        iss: publicUrl,
        sub: origin.sub,
        iat,
        exp,
        jti: origin.jti,
        blk: block,
        ...(aud ? { aud } : {}),
        sid: signIn.sid,
        ...(delegable ? { cnf: { key: signIn.sessionKey } } : {}),
      };
      const token = findSigned({ ...claims, roles: granted }, key);
      if (token === null) throw tooManyRoles(claims, granted, key);
      return { token, expiresAt: exp, block, granted, refused };
    },
  };
}

interface Checked {
  readonly role: RoleRequest;
  readonly verdict: Verdict;
}

const toRefused = ({ role, verdict }: Checked): RefusedRole[] =>
  'refusal' in verdict ? [{ role, reason: verdict.refusal, detail: ROLE_REFUSALS[verdict.refusal] }] : [];

/** Whether a token with this role would be refused everywhere. */
const isDead = (
  { verdict }: Checked,
  { sid, ...origin }: Omit<Revocable, 'sids' | 'attested'> & { readonly sid: string },
  standing: Standing | null,
): boolean =>
  'claim' in verdict &&
  standing !== null &&
  isRevoked({ ...origin, sids: [sid], attested: [verdict.claim] }, standing.revocations);

const revoked = ({ role }: Checked): Checked => ({ role, verdict: { refusal: 'revoked' } });

/** `null` when the roles do not fit in a token. */
function findSigned(claims: RoleTokenClaims, key: OwnKey): string | null {
  if (claims.roles.length > TOKEN_ITEMS_MAX) return null;
  try {
    return createRoleToken(claims, key.pair);
  } catch (error) {
    if (error instanceof TokenError && error.reason === 'token_too_large') return null;
    throw error;
  }
}

/** Says how many of the granted roles, from the first on, a token can hold. */
function tooManyRoles(
  claims: Omit<RoleTokenClaims, 'roles'>,
  granted: readonly RoleClaim[],
  key: OwnKey,
): Problem {
  let fits = 0;
  let over = granted.length;
  while (over - fits > 1) {
    const middle = Math.floor((fits + over) / 2);
    if (findSigned({ ...claims, roles: granted.slice(0, middle) }, key) === null) over = middle;
    else fits = middle;
  }
  return new Problem(
    'bad_request',
    `A token holds ${fits} of the ${granted.length} roles granted; ask for fewer at a time`,
    { extensions: { reason: 'token_too_large', fits } },
  );
}

/** The same role asked for twice is one role, whatever the order of its members. */
function withoutRepeats(roles: readonly RoleRequest[]): RoleRequest[] {
  const seen = new Map(roles.map((role) => [JSON.stringify(Object.entries(role).sort()), role]));
  return [...seen.values()];
}
