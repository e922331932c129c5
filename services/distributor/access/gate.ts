import { TokenError } from '../../../shared/token/index.ts';
import type { ProblemCode } from '../../../shared/wire/index.ts';
import { decide, type Decision, type DecisionBase } from '../decide.ts';
import type { AddressBudget } from '../../../shared/http/index.ts';
import type { FirstSights } from '../limits/first-sights.ts';
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
  /** The older of both; until the database has been read, that of what an earlier run knew, by the clock on the wall. */
  knownAgeMs(): number;
}

/** The step from a request to a decision, bytes aside. Never throws for what a client sends. */
export interface Gate {
  /** The decision, if none has to be worked out from a token never seen before; else `null`. */
  glance(asset: number, facts: RequestFacts): Decision | null;
  /** `LATER` once at most: a new token has to wait for its turn; ask again after it. */
  judge(asset: number, facts: RequestFacts): Decision;
  /**
   * Resolves when the token has been looked at. Rejects with a problem when too many wait, and with the reason when it is
   * abandoned before.
   */
  turn(facts: RequestFacts, abandoned: AbortSignal): Promise<void>;
  /**
   * Whether an answer that has begun may go on by what is known, however old that is: a takedown ends it also while the
   * indexer is down. That other nodes are to serve the asset from now on does not.
   */
  mayGoOn(asset: number, facts: RequestFacts): boolean;
  /** Whether decisions about assets that are not public are refused for now. */
  isStale(): boolean;
}

export interface GateOptions {
  /** What is known; read anew for each decision. */
  readonly base: DecisionBase;
  readonly age: KnowledgeAge;
  readonly verifier: TokenVerifier;
  /** Time for signature checks. */
  readonly firstSights: FirstSights;
  /** Tokens that proved to be none, by the address they came from. */
  readonly failures: AddressBudget;
  readonly policyAgeMsMax: number;
  readonly chainAgeMsMax: number;
  /** From here on not even what was public is believed. */
  readonly publicAgeMsMax: number;
}

/** True whoever asks, and no secret: the chain says it to everybody. */
const isAboutNoPolicy = (code: ProblemCode): boolean => code === 'not_found' || code === 'misdirected';

const STALE: Decision = { allowed: false, code: 'policy_stale' };

/** The answer is not known yet. */
export const LATER: Decision = { allowed: false, code: 'too_many_requests', reason: 'signatures_waiting' };
/** Says the same, and means it. */
const TOO_MANY_WAIT: Decision = { ...LATER };
const TOO_MANY_FAILED: Decision = { allowed: false, code: 'too_many_requests', reason: 'failed_tokens' };

/** Common with people who have done nothing wrong, and found out before the signature. */
const HARMLESS: ReadonlySet<string> = new Set(['token_expired']);

export function createGate(options: GateOptions): Gate {
  const { base, age, verifier, firstSights, failures } = options;
  const { policyAgeMsMax, chainAgeMsMax, publicAgeMsMax } = options;
  const isStale = (): boolean => age.policyAgeMs() > policyAgeMsMax || age.chainAgeMs() > chainAgeMsMax;

  const dropToken = (facts: RequestFacts): void => {
    facts.token = null;
    facts.tokenError = new TokenError('key_not_valid', 'the key is revoked');
  };

  const glance = (asset: number, facts: RequestFacts): Decision | null => {
    if (age.position === null) return STALE;
    const { tokenText } = facts;
    // It was good when the request came, and much may have happened while the request waited.
    if (facts.token !== null && !verifier.trusts(facts.token)) dropToken(facts);
    // A token seen before costs a look-up, so it is in hand at once; a new one only counts if the asset is not public.
    if (tokenText !== null && facts.token === null && facts.tokenError === null)
      facts.token = verifier.findSeen(tokenText, facts.nowSec);
    const decision = decide(base, asset, facts);
    if (decision.allowed && decision.public) return age.knownAgeMs() > publicAgeMsMax ? STALE : decision;
    if (!decision.allowed && isAboutNoPolicy(decision.code))
      return age.knownAgeMs() > publicAgeMsMax ? STALE : decision;
    if (isStale()) return STALE;
    return decision.allowed || tokenText === null || facts.token !== null ? decision : null;
  };

  const judge = (asset: number, facts: RequestFacts): Decision => {
    const decision = glance(asset, facts);
    if (decision !== null) return decision;
    if (facts.tokenError === null) {
      if (!failures.has(facts.ip ?? '')) return TOO_MANY_FAILED;
      if (!firstSights.isFree) return firstSights.hasRoom(facts.ip ?? '') ? LATER : TOO_MANY_WAIT;
    }
    const error = facts.tokenError ?? verifyInto(facts, facts.tokenText ?? '');
    const known = decide(base, asset, facts);
    if (error === null || known.allowed) return known;
    const code = error.reason === 'token_expired' ? 'token_expired' : 'token_invalid';
    return { ...known, code, reason: error.reason };
  };

  const verifyInto = (facts: RequestFacts, tokenText: string): TokenError | null => {
    const startedAt = performance.now();
    try {
      facts.token = verifier.verify(tokenText, facts.nowSec);
      return null;
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      facts.tokenError = error;
      if (!HARMLESS.has(error.reason)) failures.take(facts.ip ?? '');
      return error;
    } finally {
      firstSights.spend(performance.now() - startedAt, facts.token !== null);
    }
  };

  /** What is known, wherever the asset belongs. */
  const anywhere: DecisionBase = {
    get map() {
      return base.map;
    },
    get losses() {
      return base.losses;
    },
    get revocations() {
      return base.revocations;
    },
    defaultPolicy: base.defaultPolicy,
  };

  const mayGoOn = (asset: number, facts: RequestFacts): boolean => {
    if (facts.token !== null && !verifier.trusts(facts.token)) dropToken(facts);
    if (decide(anywhere, asset, facts).allowed) return true;
    // It was public when it began, so nobody has looked at the token yet.
    const { tokenText, token, tokenError } = facts;
    if (tokenText === null || token !== null || tokenError !== null) return false;
    return verifyInto(facts, tokenText) === null && decide(anywhere, asset, facts).allowed;
  };

  return {
    glance,
    judge,
    mayGoOn,
    isStale,
    turn: (facts, abandoned) =>
      firstSights.turn(
        facts.ip ?? '',
        () => {
          if (facts.tokenText !== null) verifyInto(facts, facts.tokenText);
        },
        abandoned,
      ),
  };
}
