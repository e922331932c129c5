import { ServiceError } from './errors.ts';

export type Fetch = typeof globalThis.fetch;

/** What a problem body (RFC 9457) says that the SDK acts on; anything else in it is for people. */
export interface ProblemBody {
  readonly code: string;
  readonly detail: string;
  readonly needs: unknown;
}

/** The problem in a refusal. A body that is no problem (a proxy's page, a HEAD's nothing) gives an empty one. */
export async function readProblem(response: Response): Promise<ProblemBody> {
  const body: unknown = await response.json().catch(() => null);
  const members = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
  return {
    code: text(members.code, `http_${response.status}`),
    detail: text(members.detail, response.statusText),
    needs: members.needs,
  };
}

/**
 * A JSON request to a service of this contract; its answer is trusted to be the documented shape. What it sends is for
 * that service alone: a redirection is an error.
 */
export async function requestJson<T>(fetch: Fetch, url: string, body?: unknown): Promise<T> {
  const response = await fetch(
    url,
    body === undefined
      ? { redirect: 'error' }
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          redirect: 'error',
        },
  );
  if (response.ok) return (await response.json()) as T;
  throw await toServiceError(response);
}

export async function toServiceError(response: Response): Promise<ServiceError> {
  const { code, detail } = await readProblem(response);
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ServiceError(response.status, code, detail, Number.isNaN(retryAfter) ? null : retryAfter);
}
