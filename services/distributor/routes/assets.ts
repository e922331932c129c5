import { nowSec, type Clock } from '../../../shared/base/index.ts';
import { Problem } from '../../../shared/wire/index.ts';
import { LATER, type Gate, type KnowledgeAge } from '../access/gate.ts';
import { toRefusalProblem } from '../access/refusal.ts';
import { RequestFacts, type AssetRequest, type FactsOptions } from '../access/request-facts.ts';
import type { Decision } from '../decide.ts';
import { IMAGE_EDGES, type ImageSize, type ImageSizes } from '../assets/image-sizes.ts';
import type { AssetStore } from '../assets/asset-store.ts';
import {
  matchesEtag,
  parseRange,
  rangeLength,
  type ByteRange,
  type RequestedRange,
} from '../assets/range.ts';
import type { DataObject } from '../assets/source.ts';
import { createAssetHeaders } from './asset-headers.ts';
import { parseAssetId } from './asset-id.ts';
import type { AssetAnswer, AssetSender, Raw } from './asset-sender.ts';
import type { Cors, FlatHeaders } from './cors.ts';
import { whileThere } from './while-there.ts';

export interface AssetRoutesOptions {
  readonly gate: Gate;
  readonly store: AssetStore;
  readonly images: ImageSizes;
  readonly sender: AssetSender;
  /** Size and hash of an asset, `null` for one nobody knows. */
  readonly findObject: (asset: number) => DataObject | null;
  readonly age: KnowledgeAge;
  readonly facts: FactsOptions;
  readonly cors: Cors;
  readonly maxAgeSec: number;
  readonly clock: Clock;
}

/** Throws problems, at once or later; otherwise it has answered. */
export type AssetHandler = (request: AssetRequest, reply: Raw) => Promise<void> | undefined;

/**
 * `GET|HEAD /api/v1/assets/{id}`. The decision comes first, always, and after it all that could tell something about
 * the bytes: 304, 416, the cache, the source.
 */
export function createAssetHandler(options: AssetRoutesOptions): AssetHandler {
  const parts = { ...options, headersFor: createAssetHeaders(options) };
  return (request, reply) => new Handling(parts, request, reply).begin();
}

interface Parts extends AssetRoutesOptions {
  readonly headersFor: ReturnType<typeof createAssetHeaders>;
}

/** One request. A class, since functions that are made for each request cost more than most of what they do. */
class Handling implements AssetAnswer {
  readonly #parts: Parts;
  readonly #request: AssetRequest;
  readonly #reply: Raw;
  readonly #asset: number;
  readonly #object: DataObject | null;
  readonly #imageSize: ImageSize | null;
  readonly #etag: string;
  readonly #facts: RequestFacts;
  readonly isHead: boolean;
  readonly size: number;
  readonly #range: RequestedRange;
  /** What has just been worked out for this very moment. */
  #headers: FlatHeaders | null = null;

  constructor(parts: Parts, request: AssetRequest, reply: Raw) {
    this.#parts = parts;
    this.#request = request;
    this.#reply = reply;
    this.#asset = parseAssetId(request.params.id);
    const object = parts.findObject(this.#asset);
    this.#object = object;
    this.isHead = request.method === 'HEAD';
    this.#imageSize = findImageSize(request.query);
    this.size = object?.size ?? 0;
    this.#etag = object === null ? '' : etagOf(object, this.#imageSize);
    this.#range =
      object === null ? 'unsatisfiable' : requestedRange(request, object.size, this.#etag, this.#imageSize);
    this.#facts = new RequestFacts(request, parts.facts, nowSec(parts.clock), this.isHead ? 'HEAD' : 'GET');
    this.#facts.wants(this.#range, this.size);
  }

  begin(): Promise<void> | undefined {
    const { gate, store, sender } = this.#parts;
    const decision = gate.judge(this.#asset, this.#facts);
    // The facts are kept: once it had its turn, the new token has been looked at.
    if (decision === LATER)
      return whileThere(this.#request, ({ gone }) => gate.turn(this.#facts, gone)).then(() => this.begin());
    const headers = this.#headersOf(decision);
    const object = this.#object;
    if (object === null) throw new Problem('not_found');
    if (matchesEtag(this.#request.headers['if-none-match'], this.#etag))
      return store.peek(object).then((cache) => {
        sender.sendNotModified(this.#reply, cache, this.headers());
      });
    if (this.#imageSize !== null) return this.#sendImage(object, this.#imageSize);
    if (this.#range === 'unsatisfiable') throw unsatisfiable(object);
    const inMemory = store.findInMemory(object);
    if (inMemory) {
      this.#headers = headers;
      sender.sendMemory(this.#reply, inMemory, this);
      return undefined;
    }
    if (!this.isHead) return this.#sendStored(object);
    return store.peek(object).then((cache) => {
      if (cache === 'hit') return this.#sendStored(object);
      sender.sendUnfetched(this.#reply, cache, this);
      return undefined;
    });
  }

  get range(): 'whole' | ByteRange {
    return this.#range === 'unsatisfiable' ? 'whole' : this.#range;
  }

  /** Throws unless the request may have the asset as things are now. */
  headers(): FlatHeaders {
    return this.#headers ?? this.#headersOf(this.#parts.gate.judge(this.#asset, this.#facts));
  }

  /**
   * A running answer ends when what is known has changed against it. The token is not looked at again and time stands
   * still for it, so that nothing expires in the middle of a film.
   */
  mayGoOn(): boolean {
    return this.#parts.gate.mayGoOn(this.#asset, this.#facts);
  }

  /** All that is said of any answer that is not a refusal. */
  #headersOf(decision: Decision): FlatHeaders {
    if (!decision.allowed) throw toRefusalProblem(decision);
    const { token, isTokenInUrl } = this.#facts;
    const tokenLifeSec = token === null || !decision.lasts ? null : token.exp - nowSec(this.#parts.clock);
    const isForAll = decision.public && !isTokenInUrl;
    return this.#parts.headersFor(this.#etag, isForAll, tokenLifeSec, this.#request.headers.origin);
  }

  async #sendStored(object: DataObject): Promise<void> {
    const { store, sender } = this.#parts;
    const length = rangeLength(this.range, object.size);
    const stored = await whileThere(this.#request, (asker) => store.open(object, length, asker));
    await sender.send(this.#reply, stored, this);
  }

  async #sendImage(object: DataObject, imageSize: ImageSize): Promise<void> {
    const { images, sender } = this.#parts;
    const stored = await whileThere(this.#request, (asker) => images.open(object, imageSize, asker));
    await sender.send(this.#reply, stored, {
      isHead: this.isHead,
      size: 'bytes' in stored.content ? stored.content.bytes.length : stored.content.size,
      range: 'whole',
      headers: () => this.headers(),
      mayGoOn: () => this.mayGoOn(),
    });
  }
}

const etagOf = ({ contentHash }: DataObject, imageSize: ImageSize | null): string =>
  imageSize === null ? `"${contentHash}"` : `"${contentHash}-${imageSize}"`;

/** Only GET has ranges (RFC 9110, section 14.2). */
function requestedRange(
  request: AssetRequest,
  size: number,
  etag: string,
  imageSize: ImageSize | null,
): RequestedRange {
  // How long an image of another size is, is known once it is made.
  if (request.method !== 'GET' || imageSize !== null) return 'whole';
  const { range, 'if-range': ifRange } = request.headers;
  return parseRange(range, typeof ifRange === 'string' ? ifRange : undefined, { size, etag });
}

/** `?size=`: `null` for the asset as it is. Throws `bad_request` for sizes that there are none of. */
function findImageSize(query: unknown): ImageSize | null {
  const size = (query as Readonly<Record<string, unknown>> | undefined)?.size;
  if (size === undefined || size === 'orig') return null;
  if (typeof size === 'string' && Object.hasOwn(IMAGE_EDGES, size)) return size as ImageSize;
  throw new Problem('bad_request', `A size is one of orig, ${Object.keys(IMAGE_EDGES).join(', ')}`);
}

function unsatisfiable({ size }: DataObject): Problem {
  return new Problem('range_not_satisfiable', undefined, { headers: { 'content-range': `bytes */${size}` } });
}
