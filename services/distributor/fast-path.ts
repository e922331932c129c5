import type { IncomingMessage, ServerResponse } from 'node:http';
import { nowSec } from '../../shared/base/index.ts';
import type { AddressBlocks } from '../../shared/http/index.ts';
import { clientAddress } from './access/client-address.ts';
import { RequestFacts } from './access/request-facts.ts';
import { createAssetHeaders } from './routes/asset-headers.ts';
import { createAssetUrlReader } from './routes/asset-url.ts';
import type { AssetRoutesOptions } from './routes/assets.ts';

export interface FastPathOptions extends AssetRoutesOptions {
  readonly prefix: string;
  /** `null`: none is. */
  readonly isTrustedProxy: AddressBlocks | null;
}

export interface FastPath {
  /** `true`: it has answered. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** How often it has. */
  readonly answered: number;
}

/** A request with any of these is more than the plain case. */
const UNUSUAL = [
  'range',
  'if-none-match',
  'if-range',
  'content-length',
  'transfer-encoding',
  'expect',
] as const;

/**
 * Answers, before there is any framework, the request there are most of: a plain GET of a whole asset that is in memory
 * and that it may have, with a token seen before or none. It answers as the route would, by the same decision, headers and
 * sender; about everything else it does nothing (`false`), and the route sees the request as if nothing had been here.
 */
export function createFastPath(options: FastPathOptions): FastPath {
  const { gate, store, sender, findObject, facts: factsOptions, prefix, isTrustedProxy, clock } = options;
  const read = createAssetUrlReader(prefix, factsOptions.names);
  const headersFor = createAssetHeaders(options);

  let answered = 0;
  const answer: FastPath['answer'] = (request, response) => {
    const { method, headers, url } = request;
    if (method !== 'GET' || url === undefined || headers.host === undefined) return false;
    for (const name of UNUSUAL) if (headers[name] !== undefined) return false;
    const target = read(url);
    if (target === null) return false;
    const object = findObject(target.asset);
    if (object === null) return false;

    const facts = new RequestFacts(
      new Source(request, target, isTrustedProxy),
      factsOptions,
      nowSec(clock),
      'GET',
    );
    facts.wants('whole', object.size);
    const decision = gate.glance(target.asset, facts);
    if (!decision?.allowed) return false;
    const inMemory = store.findInMemory(object);
    if (inMemory === null) return false;
    const tokenLifeSec = facts.token === null || !decision.lasts ? null : facts.token.exp - facts.nowSec;
    sender.sendMemory(new Reply(response), inMemory, {
      isHead: false,
      size: object.size,
      range: 'whole',
      headers: headersFor(
        `"${object.contentHash}"`,
        decision.public && !facts.isTokenInUrl,
        tokenLifeSec,
        headers.origin,
      ),
      mayGoOn: ALWAYS,
    });
    answered += 1;
    return true;
  };
  return {
    answer,
    get answered() {
      return answered;
    },
  };
}

/** What is in memory is sent in one go: there is nothing to go on with. */
const ALWAYS = (): boolean => true;

/** The request as the route would see it; what is asked for seldom is worked out when it is. */
class Source {
  readonly headers: IncomingMessage['headers'];
  readonly socket: IncomingMessage['socket'];
  readonly params: { readonly token?: string };
  readonly query: unknown;
  readonly #request: IncomingMessage;
  readonly #isTrustedProxy: AddressBlocks | null;

  constructor(
    request: IncomingMessage,
    { params, query }: { readonly params: { readonly token?: string }; readonly query: unknown },
    isTrustedProxy: AddressBlocks | null,
  ) {
    this.headers = request.headers;
    this.socket = request.socket;
    this.params = params;
    this.query = query;
    this.#request = request;
    this.#isTrustedProxy = isTrustedProxy;
  }

  get ip(): string {
    return clientAddress(this.#request, this.#isTrustedProxy);
  }

  get protocol(): 'http' | 'https' {
    const forwarded = this.headers['x-forwarded-proto'];
    if (typeof forwarded !== 'string' || !this.#isTrustedProxy?.(this.socket.remoteAddress ?? ''))
      return 'http';
    return forwarded.slice(forwarded.lastIndexOf(',') + 1).trim() as 'http' | 'https';
  }
}

class Reply {
  readonly raw: ServerResponse;

  constructor(response: ServerResponse) {
    this.raw = response;
  }

  hijack(): void {
    // There is nobody to take it from.
  }
}
