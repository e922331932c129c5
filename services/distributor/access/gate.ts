import { TokenError } from '../../../shared/token/index.ts';
import type { ProblemCode } from '../../../shared/wire/index.ts';
import { decide, type Decision, type DecisionBase } from '../decide.ts';
import type { RequestFacts } from './request-facts.ts';
import type { TokenVerifier } from './token-verifier.ts';

/** How old what this node knows is. */
export interface KnowledgeAge {
  /** `null`: nothing is known yet, not even from an earlier run. */
  readonly position: object | null;
  /** Since the database was last known to have nothing new. */
  policyAgeMs(): number;
  /** Since the indexer last saw the chain. */
  chainAgeMs(): number;
}

/** The step from a request to a decision, bytes aside. Never throws for what a client sends. */
export interface Gate {
  judge(asset: number, facts: RequestFacts): Decision;
  /** Whether decisions about assets that are not public are refused for now. */
  isStale(): boolean;
}

export interface GateOptions {
  /** What is known; read anew for each decision. */
  readonly base: DecisionBase;
  readonly age: KnowledgeAge;
  readonly verifier: TokenVerifier;
  readonly policyAgeMsMax: number;
  readonly chainAgeMsMax: number;
}

/** True whoever asks, and no secret: the chain says it to everybody. */
const isAboutNoPolicy = (code: ProblemCode): boolean => code === 'not_found' || code === 'misdirected';

const STALE: Decision = { allowed: false, code: 'policy_stale' };

export function createGate({ base, age, verifier, policyAgeMsMax, chainAgeMsMax }: GateOptions): Gate {
  const isStale = (): boolean => age.policyAgeMs() > policyAgeMsMax || age.chainAgeMs() > chainAgeMsMax;

  const judge = (asset: number, facts: RequestFacts): Decision => {
    if (age.position === null) return STALE;
    const { tokenText } = facts;
    // A token seen before costs a look-up, so it is in hand at once; a new one only counts if the asset is not public.
    if (tokenText !== null && facts.token === null && facts.tokenError === null)
      facts.token = verifier.findSeen(tokenText, facts.nowSec);
    const decision = decide(base, asset, facts);
    if (decision.allowed ? decision.public : isAboutNoPolicy(decision.code)) return decision;
    if (isStale()) return STALE;
    if (decision.allowed || tokenText === null || facts.token !== null) return decision;
    const error = facts.tokenError ?? verifyInto(facts, tokenText);
    if (error === null) return decide(base, asset, facts);
    const code = error.reason === 'token_expired' ? 'token_expired' : 'token_invalid';
    return { ...decision, code, reason: error.reason };
  };

  const verifyInto = (facts: RequestFacts, tokenText: string): TokenError | null => {
    try {
      facts.token = verifier.verify(tokenText, facts.nowSec);
      return null;
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      facts.tokenError = error;
      return error;
    }
  };

  return { judge, isStale };
}
