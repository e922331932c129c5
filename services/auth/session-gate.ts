import { EMPTY_BODY_HASH, sidOfProof, TokenError } from '../../shared/token/index.ts';
import { refuseSignIn } from './refuse-sign-in.ts';
import type { ProvenRequest, SessionProofs } from './session-proofs.ts';
import type { Sessions } from './sessions.ts';

/** Lets whoever signed in manage the sessions of the account: `Authorization: Session <proof>`. */
export interface SessionGate {
  /**
   * The session that asks. Throws Problem `sign_in_invalid`: as for a token request, and `session_unknown` for a session
   * that never was, is over, or was ended.
   */
  authenticate(
    authorization: string | undefined,
    request: Omit<ProvenRequest, 'bodyHash'>,
  ): Promise<{ readonly account: string; readonly sid: string }>;
}

export function createSessionGate(options: {
  readonly sessions: Pick<Sessions, 'findOpen'>;
  readonly proofs: SessionProofs;
}): SessionGate {
  const { sessions, proofs } = options;
  return {
    authenticate: async (authorization, request) => {
      const proof = /^Session +([^ ]+)$/i.exec(authorization ?? '')?.[1] ?? '';
      const sid = findSid(proof);
      if (sid === null) throw refuseSignIn('proof_invalid');
      const session = await sessions.findOpen(sid);
      if (session === null) throw refuseSignIn('session_unknown');
      const useUp = proofs.check(proof, session.sessionKey, { ...request, bodyHash: EMPTY_BODY_HASH });
      useUp();
      return { account: session.account, sid };
    },
  };
}

function findSid(proof: string): string | null {
  try {
    return sidOfProof(proof);
  } catch (error) {
    if (error instanceof TokenError) return null;
    throw error;
  }
}
