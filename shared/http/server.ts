import { fastify, LogController, type FastifyInstance } from 'fastify';
import type { Logger } from '../runtime/index.ts';
import { Problem } from '../wire/index.ts';
import { parseAddressBlocks } from './address-blocks.ts';
import { refuseUnrouted } from './not-found.ts';
import { sendProblem, toProblem } from './problems.ts';
import { answerUnparsable } from './unparsable.ts';

export interface ServerOptions {
  readonly log: Logger;
  /** Largest request body, bytes. */
  readonly bodyBytesMax: number;
  /** Whom to believe about `X-Forwarded-*`: addresses or CIDR blocks; none by default. */
  readonly trustProxy?: readonly string[];
}

/** Largest path parameter. Role tokens travel in paths (`/t/<token>/…`) and may hold 4,096 bytes. */
const PARAM_CHARS_MAX = 4_200;
/** How long a request may take to arrive whole, and a connection to make no progress at all. */
const REQUEST_MS_MAX = 30_000;
const IDLE_MS_MAX = 120_000;

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
    requestTimeout: REQUEST_MS_MAX,
    connectionTimeout: IDLE_MS_MAX,
    clientErrorHandler: answerUnparsable,
    // Node would answer a bare 400 by itself; the hook below says the same as a problem.
    http: { requireHostHeader: false },
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

/** Takes no more requests, lets the running ones finish for `graceMs`, then cuts what is left. */
export async function closeServer(app: FastifyInstance, graceMs = 5_000): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
