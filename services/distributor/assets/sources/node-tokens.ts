import { nowSec, type Clock } from '../../../../shared/base/index.ts';
import { createNodeToken, NODE_TOKEN_LIFE_SEC_MAX, type KeyPair } from '../../../../shared/token/index.ts';

/** The same token does for half its life, so that a busy node signs twice a minute and not for each asset. */
const REUSED_SEC = NODE_TOKEN_LIFE_SEC_MAX / 2;

/** What this distributor says to storage nodes about itself, for each by its origin. */
export function createNodeTokens(
  distributorId: string,
  key: KeyPair,
  clock: Clock,
): (origin: string) => string {
  const made = new Map<string, { readonly token: string; readonly iat: number }>();
  return (origin) => {
    const iat = nowSec(clock);
    const last = made.get(origin);
    if (last && iat >= last.iat && iat - last.iat < REUSED_SEC) return last.token;
    const exp = iat + NODE_TOKEN_LIFE_SEC_MAX;
    const token = createNodeToken({ iss: distributorId, aud: origin, iat, exp }, key);
    made.set(origin, { token, iat });
    return token;
  };
}
