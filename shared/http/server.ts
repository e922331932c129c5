import type { Socket } from 'node:net';
import {
  fastify,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { Problem, PROBLEMS, type ProblemCode } from '../wire/index.ts';
import type { Logger } from '../runtime/index.ts';

export interface ServerOptions {
  readonly log: Logger;
  /** Largest request body, bytes. */
  readonly bodyBytesMax: number;
  /** Whom to believe about `X-Forwarded-*`: addresses or CIDR blocks; none by default. */
  readonly trustProxy?: readonly string[];
}

/** Largest path parameter. Role tokens travel in paths (`/t/<token>/…`) and may hold 4,096 bytes. */
const PARAM_CHARS_MAX = 4_200;

/**
 * A Fastify server whose every error, its own and the framework's, is one of the documented problems.
 * Requests are logged by route pattern only: paths and queries can hold tokens.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: options.log,
    disableRequestLogging: true,
    bodyLimit: options.bodyBytesMax,
    trustProxy: options.trustProxy ? [...options.trustProxy] : false,
    routerOptions: { maxParamLength: PARAM_CHARS_MAX, ignoreDuplicateSlashes: false },
    forceCloseConnections: 'idle',
    clientErrorHandler: answerUnparsable,
    frameworkErrors: (error, request, reply) => {
      sendProblem(toProblem(error), request, reply);
    },
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false },
    },
  });
  app.setErrorHandler((error, request, reply) => {
    sendProblem(toProblem(error), request, reply);
  });
  app.setNotFoundHandler((request, reply) => {
    sendProblem(new Problem('not_found'), request, reply);
  });
  return app as unknown as FastifyInstance;
}

export function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
  const level = problem.status >= 500 ? 'error' : 'debug';
  const cause = problem.status >= 500 ? problem.cause : undefined;
  request.log[level]({ code: problem.code, route: request.routeOptions.url, err: cause }, problem.message);
  reply
    .code(problem.status)
    .headers(problem.headers)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(problem.toBody()));
}

const BY_FRAMEWORK_CODE: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
};

/** The problem an error is shown as. Anything not foreseen is `internal`, without a word of what went wrong. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code, statusCode, validation, message } = error as Partial<FastifyError>;
  if (validation) return new Problem('bad_request', message);
  const mapped = code === undefined ? undefined : BY_FRAMEWORK_CODE[code];
  if (mapped) return new Problem(mapped);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new Problem('bad_request', message);
  return new Problem('internal', undefined, { cause: error });
}

/** Answers what never became a request: bytes that are not HTTP, or headers over Node's limit. */
function answerUnparsable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = new Problem(error.code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'bad_request');
  const body = JSON.stringify(problem.toBody());
  socket.end(
    `HTTP/1.1 ${String(problem.status)} ${PROBLEMS[problem.code].title}\r\n` +
      `content-type: application/problem+json\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\n` +
      `cache-control: no-store\r\nconnection: close\r\n\r\n${body}`,
  );
}
