/**
 * Every error either service can answer, once. `application/problem+json` (RFC 9457) bodies carry the key as the
 * stable, machine-readable `code`; the OpenAPI documents, the tests and SECURITY.md are derived from or checked against it.
 */
export const PROBLEMS = {
  bad_request: { status: 400, title: 'The request is malformed' },
  token_missing: { status: 401, title: 'A role token is needed' },
  token_expired: { status: 401, title: 'The role token has expired' },
  token_invalid: { status: 401, title: 'The role token is not valid' },
  role_outdated: { status: 401, title: 'A role in the token has ended since it was issued' },
  sign_in_invalid: { status: 401, title: 'The sign-in is not valid' },
  policy_denied: { status: 403, title: 'The access policy does not allow this' },
  not_public: { status: 403, title: 'The asset is not public' },
  restricted: { status: 403, title: 'A restriction of the token does not allow this' },
  not_found: { status: 404, title: 'There is no such thing here' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  payload_too_large: { status: 413, title: 'The request body is too large' },
  uri_too_long: { status: 414, title: 'The request target is too long' },
  unsupported_media_type: { status: 415, title: 'The request body has an unsupported media type' },
  range_not_satisfiable: { status: 416, title: 'The range cannot be satisfied' },
  misdirected: { status: 421, title: 'The asset is not served by this node' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The request headers are too large' },
  censored: { status: 451, title: 'The asset has been hidden by moderators' },
  internal: { status: 500, title: 'Something went wrong here' },
  source_unavailable: { status: 502, title: 'No storage node delivered the asset intact' },
  chain_unavailable: { status: 503, title: 'The chain cannot be read at the moment' },
  policy_stale: { status: 503, title: 'The access policy is not known to be current' },
  unavailable: { status: 503, title: 'Not ready' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;
