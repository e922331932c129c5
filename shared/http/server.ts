import {
  createServer as createNodeServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { fastify, LogController, type FastifyInstance } from 'fastify';
import type { Logger } from '../runtime/index.ts';
import { Problem, type ProblemCode } from '../wire/index.ts';
import { parseAddressBlocks } from './address-blocks.ts';
import { refuseUnrouted } from './not-found.ts';
import { sendProblem, toProblem } from './problems.ts';
import { answerUnparsable } from './unparsable.ts';

/** What clients may take of a server. */
export interface ServerLimits {
  /** Request line and header fields together. */
  readonly headerBytesMax: number;
  /** How long a request's head, and all of it, may take to arrive. */
  readonly headersMsMax: number;
  readonly requestMsMax: number;
  /** How long a connection may make no progress at all, with a request or without. */
  readonly idleMsMax: number;
}

export interface ServerOptions {
  readonly log: Logger;
  /** Largest request body, bytes. */
  readonly bodyBytesMax: number;
  /** Whom to believe about `X-Forwarded-*`: addresses or CIDR blocks; none by default. */
  readonly trustProxy?: readonly string[];
  readonly limits?: ServerLimits;
  /** Sees every request before Fastify does; `true`: it has answered, and Fastify is not to see it. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Hears the code of each answer to what never became a request. */
  readonly onUnparsable?: (code: ProblemCode) => void;
}

/** Largest path parameter. Role tokens travel in paths (`/t/<token>/…`) and may hold 4,096 bytes. */
export const PARAM_CHARS_MAX = 4_200;
const LIMITS: ServerLimits = {
  headerBytesMax: 16_384,
  headersMsMax: 10_000,
  requestMsMax: 30_000,
  idleMsMax: 120_000,
};
/**
 * A Fastify server whose every error, its own and the framework's, is one of the documented problems.
 * Requests are not logged, problems by their route pattern only: paths and queries can hold tokens.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    // No logger per request: what it would add, an id, is logged nowhere else.
    childLoggerFactory: (log) => log,
    bodyLimit: options.bodyBytesMax,
    trustProxy: options.trustProxy?.length ? parseAddressBlocks(options.trustProxy) : false,
    routerOptions: { maxParamLength: PARAM_CHARS_MAX, ignoreDuplicateSlashes: false },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    serverFactory: (handler) => createHttpServer(handler, options),
    clientErrorHandler: (error, socket) => {
      answerUnparsable(error, socket, options.onUnparsable);
    },
    frameworkErrors: (error, request, reply) => {
      sendProblem(toProblem(error), request, reply);
    },
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        useDefaults: false,
        allErrors: false,
        discriminator: true,
      },
    },
  });
  app.setErrorHandler((error, request, reply) => {
    sendProblem(toProblem(error), request, reply);
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers, raw } = request;
    const isHostMissing = headers.host === undefined && raw.httpVersionMinor > 0; // RFC 9112, section 3.2
    done(isHostMissing ? new Problem('bad_request', 'The Host header is missing') : undefined);
  });
  refuseUnrouted(app as unknown as FastifyInstance);
  return app as unknown as FastifyInstance;
}

function createHttpServer(handler: RequestListener, { limits = LIMITS, intercept }: ServerOptions): Server {
  const { headerBytesMax, headersMsMax, requestMsMax, idleMsMax } = limits;
  const server = createNodeServer(
    {
      // Node would answer a bare 400 by itself; a hook says the same as a problem.
      requireHostHeader: false,
      maxHeaderSize: headerBytesMax,
      headersTimeout: Math.min(headersMsMax, requestMsMax),
      requestTimeout: requestMsMax,
      connectionsCheckingInterval: Math.min(5_000, Math.ceil(headersMsMax / 2)),
      // `idleMsMax` ends these too: a timer of its own would be set and cleared for every request.
      keepAliveTimeout: 0,
    },
    intercept
      ? (request, response) => {
          if (!intercept(request, response)) handler(request, response);
        }
      : handler,
  );
  server.setTimeout(idleMsMax);
  return server;
}

const TIDY_MS = 50;

/** Takes no more requests, lets the running ones finish for `graceMs`, then cuts what is left. */
export async function closeServer(app: FastifyInstance, graceMs = 5_000): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), graceMs);
  // A connection whose last answer is out would be kept open for the next request, which is not going to be taken.
  const tidy = setInterval(() => app.server.closeIdleConnections(), TIDY_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
    clearInterval(tidy);
  }
}
