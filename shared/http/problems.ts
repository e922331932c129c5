import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Problem, type ProblemCode } from '../wire/index.ts';

/** Answers with a problem. Where something went wrong inside, the log says what; refusals are no events. */
export function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
  const { code, cause, message } = problem;
  const level = code === 'internal' || cause !== undefined ? 'error' : 'debug';
  request.log[level]({ code, route: request.routeOptions.url, err: cause }, message);
  reply
    .code(problem.status)
    .headers(problem.headers)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    // Text would get a charset, and JSON has none (RFC 8259, section 11).
    .send(Buffer.from(problem.toText()));
}

/** The framework's own words can quote the URL or the body, and with them a token: ours are used instead. */
const BY_FRAMEWORK_CODE: Readonly<Record<string, readonly [code: ProblemCode, detail?: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['bad_request', 'The request body is not valid JSON'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['bad_request', 'The request body is empty'],
  FST_ERR_BAD_URL: ['bad_request', 'The request target is not a valid URL path'],
  FST_ERR_MAX_PARAM_LENGTH: ['uri_too_long'],
};

/** The problem an error is shown as. Anything not foreseen is `internal`, without a word of what went wrong. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code, statusCode, validation, message } = error as Partial<FastifyError>;
  if (validation) return new Problem('bad_request', message);
  const mapped = code === undefined ? undefined : BY_FRAMEWORK_CODE[code];
  if (mapped) return new Problem(...mapped);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new Problem('bad_request');
  return new Problem('internal', undefined, { cause: error });
}
