import { TokenError } from './errors.ts';
import { checkSize, checkType, parseHeader, parseJws, signJws, signingBytes } from './jws.ts';
import { checkTime, type Moment } from './moment.ts';
import { natural, object, text } from './shape.ts';
import { verifySignature, type KeyPair } from './signature.ts';

/**
 * A distributor's word to a storage node about who asks: a compact JWS, `typ` `node+jwt`, signed by the distributor's own
 * key. On Joystream that is the role account of its worker in the distribution group, so a storage node knows the key
 * from the chain, or from its operator, and asks nobody.
 */
export interface NodeToken {
  /** The distributor's id; the key decides, this is for the log. */
  readonly iss: string;
  /** Origin of the storage node: of no use at another. */
  readonly aud: string;
  /** Seconds. */
  readonly iat: number;
  readonly exp: number;
}

export interface NodeTokenOptions extends Moment {
  /** This storage node's own origin. */
  readonly audience: string;
  /** The key a `kid` names, `null` when it is not trusted. */
  readonly findKey: (kid: string) => Uint8Array | null;
}

/** No node needs a token that lives longer: it makes another. */
export const NODE_TOKEN_LIFE_SEC_MAX = 60;

const NAME = 'the node token';
const shape = object({
  iss: text('a name of at most 200 characters', /^[!#-[\]-~]{1,200}$/),
  aud: text('an origin', /^https?:\/\/[!#-[\]-~]{1,300}$/),
  iat: natural,
  exp: natural,
});

/** Throws `claims_invalid`, `token_life_too_long`. */
export function createNodeToken({ iss, aud, iat, exp }: NodeToken, key: KeyPair): string {
  const payload = checkLife(shape({ iss, aud, iat, exp }, NAME));
  return signJws({ typ: 'node+jwt', payload }, key);
}

/**
 * What the token says, if a trusted key signed it for this storage node, now. Throws `TokenError`: form as for a role
 * token, then `key_unknown`, the time, `signature_invalid`; `proof_mismatch` when it is for another node.
 */
export function verifyNodeToken(token: string, options: NodeTokenOptions): NodeToken {
  checkSize(token);
  const jws = parseJws(token, NAME);
  checkType(jws, 'node+jwt', NAME);
  const kid = parseHeader(jws, 'node+jwt', NAME);
  const claims = shape(jws.payload, NAME);
  const key = options.findKey(kid);
  if (key === null) throw new TokenError('key_unknown', 'its key is not trusted here');
  checkTime({ nbf: claims.iat, exp: claims.exp }, options);
  checkLife(claims);
  if (claims.aud !== options.audience) throw new TokenError('proof_mismatch', 'it is for another node');
  if (!verifySignature(key, signingBytes(jws.input), jws.signature))
    throw new TokenError('signature_invalid', 'the signature is not by that key');
  return claims;
}

function checkLife(claims: NodeToken): NodeToken {
  if (claims.exp - claims.iat > NODE_TOKEN_LIFE_SEC_MAX)
    throw new TokenError('token_life_too_long', `its life is over ${NODE_TOKEN_LIFE_SEC_MAX} s`);
  return claims;
}
