import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressBlocks } from '../../shared/http/index.ts';
import { clientAddress } from './access/client-address.ts';
import type { AssetParams, AssetRequest } from './access/request-facts.ts';
import { createAssetUrlReader, type AssetUrl } from './routes/asset-url.ts';
import type { AssetHandler } from './routes/assets.ts';
import type { Raw } from './routes/asset-sender.ts';
import type { SendRawProblem } from './routes/raw-problem.ts';

export interface FastPathOptions {
  /** The route's own. */
  readonly handle: AssetHandler;
  readonly sendProblem: SendRawProblem;
  readonly prefix: string;
  /** `null`: none is. */
  readonly isTrustedProxy: AddressBlocks | null;
}

export interface FastPath {
  /** `true`: it answers. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** How often it has. */
  readonly answered: number;
}

/** With any of these there may be a body, which is for Fastify to refuse. */
const OF_BODIES = ['content-length', 'transfer-encoding', 'expect'] as const;

/**
 * Hands requests for assets, written as clients write them, to the route's handler before there is any framework: what
 * they cost, refused ones above all, is what a node can be made to do. About everything else it does nothing (`false`),
 * and Fastify sees the request as if nothing had been here.
 */
export function createFastPath(options: FastPathOptions): FastPath {
  const { handle, sendProblem, prefix, isTrustedProxy } = options;
  const read = createAssetUrlReader(prefix);

  const findTarget = ({ method, headers, url }: IncomingMessage): AssetUrl | null => {
    if ((method !== 'GET' && method !== 'HEAD') || url === undefined || headers.host === undefined)
      return null;
    for (const name of OF_BODIES) if (headers[name] !== undefined) return null;
    return read(url);
  };

  let answered = 0;
  const answer: FastPath['answer'] = (request, response) => {
    const target = findTarget(request);
    if (target === null) return false;
    answered += 1;
    try {
      handle(new DirectRequest(request, target, isTrustedProxy), new DirectReply(response))?.catch(
        (error: unknown) => {
          sendProblem(request, response, error);
        },
      );
    } catch (error) {
      sendProblem(request, response, error);
    }
    return true;
  };
  return {
    answer,
    get answered() {
      return answered;
    },
  };
}

/** The request as Fastify would show it; what is asked for seldom is worked out when it is. */
class DirectRequest implements AssetRequest {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly socket: IncomingMessage['socket'];
  readonly params: AssetParams;
  readonly query: unknown;
  readonly #request: IncomingMessage;
  readonly #isTrustedProxy: AddressBlocks | null;

  #ip: string | null = null;

  constructor(request: IncomingMessage, { params, query }: AssetUrl, isTrustedProxy: AddressBlocks | null) {
    this.method = request.method ?? '';
    this.headers = request.headers;
    this.socket = request.socket;
    this.params = params;
    this.query = query;
    this.#request = request;
    this.#isTrustedProxy = isTrustedProxy;
  }

  get ip(): string {
    return (this.#ip ??= clientAddress(this.#request, this.#isTrustedProxy));
  }

  get protocol(): 'http' | 'https' {
    const forwarded = this.headers['x-forwarded-proto'];
    if (typeof forwarded !== 'string' || !this.#isTrustedProxy?.(this.socket.remoteAddress ?? ''))
      return 'http';
    return forwarded.slice(forwarded.lastIndexOf(',') + 1).trim() as 'http' | 'https';
  }
}

class DirectReply implements Raw {
  readonly raw: ServerResponse;

  constructor(response: ServerResponse) {
    this.raw = response;
  }

  hijack(): void {
    // There is nobody to take it from.
  }
}
