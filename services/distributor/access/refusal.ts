import { Problem, PROBLEMS, type ProblemExtensions } from '../../../shared/wire/index.ts';
import type { Decision } from '../decide.ts';

export type Refusal = Extract<Decision, { allowed: false }>;

const STALE_RETRY_SEC = 5;

/** Refusals that are the same for everybody, as problems that are made once. */
const known = new WeakMap<Refusal, Problem>();

/** What a client is told, with the header fields that belong to it (RFC 6750, section 3; RFC 9110, section 10.2.3). */
export function toRefusalProblem(refusal: Refusal): Problem {
  if (refusal.needs !== undefined) return makeProblem(refusal);
  const before = known.get(refusal);
  if (before !== undefined) return before;
  const problem = makeProblem(refusal);
  known.set(refusal, problem);
  return problem;
}

function makeProblem({ code, reason, needs }: Refusal): Problem {
  const extensions: ProblemExtensions = {
    ...(reason === undefined ? {} : { reason }),
    ...(needs === undefined ? {} : { needs: needs() }),
  };
  return new Problem(code, undefined, { extensions, headers: headersFor({ code, reason }) });
}

function headersFor({
  code,
  reason,
}: Pick<Refusal, 'code'> & { reason: string | undefined }): Readonly<Record<string, string>> {
  if (code === 'too_many_requests') return { 'retry-after': '1' };
  if (code === 'policy_stale') return { 'retry-after': String(STALE_RETRY_SEC) };
  if (PROBLEMS[code].status !== 401) return {};
  const challenge = 'Bearer realm="panoptes"';
  // A request that brought no token is told nothing about an error (RFC 6750, section 3.1).
  if (code === 'token_missing') return { 'www-authenticate': challenge };
  return {
    'www-authenticate': `${challenge}, error="invalid_token", error_description="${reason ?? code}"`,
  };
}
