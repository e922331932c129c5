import { nowSec, type Clock } from '../../shared/base/index.ts';
import type { ChainView } from '../../shared/chain/index.ts';
import {
  isRevoked,
  TokenError,
  verifyToken,
  type RoleClaim,
  type VerifiedToken,
} from '../../shared/token/index.ts';
import { Problem } from '../../shared/wire/index.ts';
import type { ChainLink } from './chain-link.ts';
import type { OwnKey } from './own-key.ts';
import type { RoleLosses } from './role-losses.ts';
import type { Standings } from './standings.ts';

/** Lets the owner of a channel change what belongs to it. */
export interface OwnerGate {
  /** The bearer token of a request. Throws Problem `token_missing`, `token_expired`, `token_invalid`, `restricted`. */
  authenticate(authorization: string | undefined): Promise<VerifiedToken>;
  /**
   * The subject that owns the channel, by its token and still, at the newest finalized block. Throws Problem
   * `policy_denied`, `role_outdated` or `chain_unavailable`.
   */
  authorize(token: VerifiedToken, channel: string): Promise<string>;
}

const LEEWAY_SEC = 5;

export function createOwnerGate(options: {
  readonly key: OwnKey;
  readonly standings: Standings;
  readonly losses: RoleLosses;
  readonly chain: Pick<ChainLink, 'atHead'>;
  /** What a token must name in `aud`, and nothing else. */
  readonly publicUrl: string;
  readonly tokenLifeSec: number;
  readonly clock: Clock;
}): OwnerGate {
  const { key, standings, losses, chain, publicUrl, tokenLifeSec, clock } = options;

  const verify = (text: string): VerifiedToken => {
    try {
      return verifyToken(text, {
        keys: key.lookup,
        nowSec: nowSec(clock),
        leewaySec: LEEWAY_SEC,
        lifeSecMax: tokenLifeSec,
        gatewayLifeSecMax: tokenLifeSec,
      });
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      const { reason } = error;
      throw unauthorized(reason === 'token_expired' ? 'token_expired' : 'token_invalid', reason);
    }
  };

  return {
    authenticate: async (authorization) => {
      const text = /^Bearer +([^ ]+)$/i.exec(authorization ?? '')?.[1];
      if (text === undefined) throw unauthorized('token_missing');
      const token = verify(text);
      const { isKeyRevoked, revocations } = await standings.find(token);
      if (isKeyRevoked) throw unauthorized('token_invalid', 'key_not_valid');
      if (isRevoked(token, revocations)) throw unauthorized('token_invalid', 'token_revoked');
      // A token narrowed for a guest carries the owner's role, but not the owner's trust.
      if (text.includes('~') || token.restrictions.length > 0 || token.usr !== null) {
        throw new Problem('restricted', 'A token that was narrowed or restricted cannot change policies');
      }
      // Tokens for distributors are seen by distributors and stand in URLs; none of them may write.
      if (token.aud?.length !== 1 || token.aud[0] !== publicUrl) {
        throw new Problem(
          'restricted',
          `This takes a token for this node alone: ask for one with "aud": ["${publicUrl}"]`,
          {
            extensions: { reason: 'aud' },
          },
        );
      }
      return token;
    },
    authorize: async (token, channel) => {
      const role = token.roles.find((claim) => claim.role === 'channel_owner' && claim.channel === channel);
      if (role?.role !== 'channel_owner') {
        throw new Problem('policy_denied', 'This takes the owner of the channel', {
          extensions: { needs: [[{ role: 'channel_owner', channel }]] },
        });
      }
      const subject = role.worker === undefined ? token.sub : `worker:${role.worker}`;
      // Losses know of a new controller or role account; the chain, of what the indexer has not seen yet.
      const hasEnded = await losses.hasEnded({ subject, role: role.role, object: channel, block: token.blk });
      if (hasEnded || !(await chain.atHead((view) => isOwner(view, token.sub, role)))) {
        throw unauthorized('role_outdated');
      }
      return subject;
    },
  };
}

/** Whether the member, or the worker that the claim names, owns the channel in this state. */
async function isOwner(
  view: ChainView,
  sub: string,
  { channel, worker }: Extract<RoleClaim, { role: 'channel_owner' }>,
): Promise<boolean> {
  const owner = (await view.findChannel(channel))?.owner;
  if (!owner) return false;
  if ('member' in owner) return worker === undefined && sub === `member:${owner.member}`;
  if (worker === undefined) return false;
  const id = worker.slice(worker.indexOf(':') + 1);
  if (!(await view.findWorker('content', id))) return false;
  if ((await view.findLead('content')) === id) return true;
  const group = await view.findCuratorGroup(owner.group);
  return group?.active === true && group.curators.includes(id);
}

/** RFC 6750: what a client is told when its token will not do. */
function unauthorized(
  code: 'token_missing' | 'token_expired' | 'token_invalid' | 'role_outdated',
  reason?: string,
): Problem {
  const challenge = code === 'token_missing' ? 'Bearer' : 'Bearer error="invalid_token"';
  return new Problem(code, undefined, {
    headers: { 'www-authenticate': challenge },
    ...(reason === undefined ? {} : { extensions: { reason } }),
  });
}
