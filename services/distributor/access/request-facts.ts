import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { TokenError, VerifiedToken } from '../../../shared/token/index.ts';
import type { AddressBlocks } from '../../../shared/http/index.ts';
import type { AccessRequest } from '../decide.ts';
import type { RequestedRange } from '../assets/range.ts';
import { findToken, type TokenNames, type TokenSources } from './token-transport.ts';

/** Parameters of the routes that ask about one asset, under the token prefix or not. */
export interface AssetParams {
  readonly id: string;
  readonly token?: string;
}

/** What decisions need of a request, whether Fastify has seen it or not. */
export interface DecisionRequest extends TokenSources {
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  readonly protocol: 'http' | 'https';
  readonly socket: Pick<Socket, 'remoteAddress'>;
}

/** What answers about one asset need of it. */
export interface AssetRequest extends DecisionRequest {
  readonly method: string;
  readonly params: AssetParams;
  readonly socket: Socket;
}

/** What the operator says of requests in general. */
export interface FactsOptions {
  readonly distributorId: string;
  readonly names: TokenNames;
  /** Header with the viewer's country, believed from a trusted proxy alone. */
  readonly countryHeader: string | null;
  readonly isTrustedProxy: AddressBlocks;
}

/**
 * A request as the decision sees it. Nothing is worked out before it is asked for: most decisions need a fraction of it.
 * `token` is for the gate to fill in once it is verified, `tokenError` when it is not.
 */
export class RequestFacts implements AccessRequest {
  readonly nowSec: number;
  readonly method: 'GET' | 'HEAD';
  readonly tokenText: string | null;
  token: VerifiedToken | null = null;
  tokenError: TokenError | null = null;
  readonly #request: DecisionRequest;
  readonly #options: FactsOptions;
  #size = 0;
  #range: RequestedRange = 'unsatisfiable';

  /** `method`: what is asked about, which for a question about access is not how it is asked. */
  constructor(request: DecisionRequest, options: FactsOptions, nowSec: number, method: 'GET' | 'HEAD') {
    this.nowSec = nowSec;
    this.method = method;
    this.tokenText = findToken(request, options.names);
    this.#request = request;
    this.#options = options;
  }

  /** Then whoever keeps the answer by its URL keeps the token with it. */
  get isTokenInUrl(): boolean {
    const { params, query } = this.#request;
    const inQuery = (query as Readonly<Record<string, unknown>> | undefined)?.[this.#options.names.query];
    return params.token !== undefined || inQuery !== undefined;
  }

  /** Which bytes of how many an answer would hold. */
  wants(range: RequestedRange, size: number): void {
    this.#range = range;
    this.#size = size;
  }

  get distributorId(): string {
    return this.#options.distributorId;
  }

  get range(): readonly [first: number, last: number] | null {
    if (this.#range === 'unsatisfiable') return null;
    return this.#range === 'whole' ? [0, this.#size - 1] : [this.#range.first, this.#range.last];
  }

  get ip(): string | null {
    return this.#request.ip || null;
  }

  get proto(): 'http' | 'https' {
    return this.#request.protocol;
  }

  get origin(): string | null {
    return this.#request.headers.origin ?? null;
  }

  get referer(): string | null {
    return this.#request.headers.referer ?? null;
  }

  get country(): string | null {
    const { countryHeader, isTrustedProxy } = this.#options;
    if (countryHeader === null || !isTrustedProxy(this.#request.socket.remoteAddress ?? '')) return null;
    const value = this.#request.headers[countryHeader];
    return typeof value === 'string' ? value : null;
  }
}
