import { Type, type Static } from '@sinclair/typebox';
import type { RoleClaim } from '../token/index.ts';
import { Id, ROLE_REFUSALS, RoleRequest, type RoleRefusal } from './auth-roles.ts';
import { SIGN_IN_BYTES_MAX } from './sign-in-message.ts';

/** Most roles in one request. A token holds at most 64, and as many as fit in its 4,096 bytes. */
export const ROLES_MAX = 500;

const closed = { additionalProperties: false } as const;

export const ChallengeRequest = Type.Object(
  {
    account: Type.String({
      maxLength: 70,
      description: 'The account that will sign: SS58 with any prefix, or a public key in 0x hex',
    }),
    sessionKey: Type.String({
      pattern: '^[A-Za-z0-9_-]{43}$',
      description: 'Public key (sr25519) of the session, base64url of 32 bytes',
    }),
    label: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description:
          'Where the session key lives, for its owner to tell sessions apart: part of the message, so that the wallet signs it. Printable characters',
        examples: ['Firefox on laptop'],
      }),
    ),
  },
  closed,
);
export type ChallengeRequest = Static<typeof ChallengeRequest>;

export const ChallengeResponse = Type.Object({
  message: Type.String({ description: 'The text to sign, exactly as it is' }),
  expiresAt: Type.Integer({ description: 'When the session ends, seconds since the epoch' }),
});
export type ChallengeResponse = Static<typeof ChallengeResponse>;

export const TokenRequest = Type.Object(
  {
    message: Type.String({
      maxLength: SIGN_IN_BYTES_MAX,
      description: 'The message of the challenge, as it was signed',
    }),
    signature: Type.String({
      pattern: '^0x(?:[0-9a-fA-F]{2}){64,66}$',
      description:
        "The wallet's signature over the message or over `<Bytes>message</Bytes>`: sr25519, ed25519 or ecdsa, with or without the byte that names the scheme",
    }),
    sessionProof: Type.String({
      maxLength: 2_048,
      description:
        'The session key over this request: a compact JWS, `typ` `session+jwt`, with `htm`, `htu`, `iat`, `jti` as in DPoP (RFC 9449) and `bh` = base64url(SHA-256(JSON of [message, signature, member|null, delegable, aud|null, roles]))',
    }),
    member: Type.Optional(
      Type.Unsafe<string>({
        ...Id,
        description: 'The membership to act as; the account must be its controller',
      }),
    ),
    delegable: Type.Optional(
      Type.Boolean({
        description:
          'true: a token for narrowing offline with the session key, which no node takes as it is. Default false: a bearer token',
      }),
    ),
    aud: Type.Optional(
      Type.Array(Type.String({ pattern: '^[!#-\\[\\]-~]{1,128}$' }), {
        minItems: 1,
        maxItems: 8,
        uniqueItems: true,
        description:
          'Who is to accept the token: ids of distributors, or the URL of this node to change policies. Default: any distributor, and not this node',
      }),
    ),
    roles: Type.Array(RoleRequest, { minItems: 1, maxItems: ROLES_MAX }),
  },
  closed,
);
export type TokenRequest = Static<typeof TokenRequest>;

export const RefusedRole = Type.Object({
  role: RoleRequest,
  reason: Type.Unsafe<RoleRefusal>({
    type: 'string',
    enum: Object.keys(ROLE_REFUSALS),
    description: Object.entries(ROLE_REFUSALS)
      .map(([reason, meaning]) => `\`${reason}\`: ${meaning}.`)
      .join(' '),
  }),
  detail: Type.String(),
});
export type RefusedRole = Static<typeof RefusedRole>;

export const TokenResponse = Type.Object({
  token: Type.Union([Type.String(), Type.Null()], {
    description: 'The role token; null when nothing was granted',
  }),
  expiresAt: Type.Integer({ description: 'Seconds since the epoch; 0 when there is no token' }),
  block: Type.Integer({ description: 'The finalized block at which the roles were read' }),
  granted: Type.Array(
    Type.Unsafe<RoleClaim>({
      type: 'object',
      required: ['role'],
      properties: { role: { type: 'string' } },
      description: 'The role as the token states it, with its facts (`amount`, `value`, `since`)',
    }),
  ),
  refused: Type.Array(RefusedRole),
});
export type TokenResponse = Static<typeof TokenResponse>;

export const KeysResponse = Type.Object({
  keys: Type.Array(
    Type.Object({
      kid: Type.String(),
      certificate: Type.String({ description: 'The signing key, certified by the root: a compact JWS' }),
      revoked: Type.Boolean(),
    }),
  ),
});
export type KeysResponse = Static<typeof KeysResponse>;
