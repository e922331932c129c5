import { nowSec, type Clock } from '../../shared/base/index.ts';
import { parseBase64url, TokenError, verifySessionProof } from '../../shared/token/index.ts';
import { Problem } from '../../shared/wire/index.ts';
import { refuseSignIn } from './refuse-sign-in.ts';
import type { UsedProofs } from './used-proofs.ts';

/** What a session key must have signed. */
export interface ProvenRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the node's public URL. */
  readonly path: string;
  readonly bodyHash: string;
}

export interface SessionProofs {
  /**
   * Throws Problem `sign_in_invalid` (`proof_invalid`, `proof_expired`) unless the proof is the session key's for exactly
   * this request, now. Answers how to use it up, which throws `proof_replayed` when it was used before, or Problem
   * `too_many_requests`: to be called when all else about the request holds.
   */
  check(proof: string, sessionKey: string, request: ProvenRequest): () => void;
}

const PROOF_AGE_SEC = 60;
/** How far clocks may be apart: apps sign with their own. */
const CLOCK_LEEWAY_SEC = 5;

export function createSessionProofs(options: {
  readonly publicUrl: string;
  readonly usedProofs: UsedProofs;
  readonly clock: Clock;
}): SessionProofs {
  const { publicUrl, usedProofs, clock } = options;

  const verify = (proof: string, sessionKey: string, { method, path, bodyHash }: ProvenRequest) => {
    try {
      return verifySessionProof(proof, parseBase64url(sessionKey, 'the session key'), {
        method,
        url: publicUrl + path,
        bodyHash,
        nowSec: nowSec(clock),
        leewaySec: CLOCK_LEEWAY_SEC,
        ageSecMax: PROOF_AGE_SEC,
      });
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      const isAge = error.reason === 'token_expired' || error.reason === 'token_not_yet_valid';
      throw refuseSignIn(isAge ? 'proof_expired' : 'proof_invalid');
    }
  };

  return {
    check: (proof, sessionKey, request) => {
      const { iat, jti } = verify(proof, sessionKey, request);
      return () => {
        const use = usedProofs.use(`${sessionKey}.${jti}`, (iat + PROOF_AGE_SEC + CLOCK_LEEWAY_SEC) * 1000);
        if (use === 'used') throw refuseSignIn('proof_replayed');
        if (use === 'full')
          throw new Problem('too_many_requests', undefined, { headers: { 'retry-after': '5' } });
      };
    },
  };
}
