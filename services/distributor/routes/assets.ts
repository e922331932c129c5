import { nowSec, type Clock } from '../../../shared/base/index.ts';
import { Problem } from '../../../shared/wire/index.ts';
import { LATER, type Gate, type KnowledgeAge } from '../access/gate.ts';
import { toRefusalProblem } from '../access/refusal.ts';
import { RequestFacts, type AssetRequest, type FactsOptions } from '../access/request-facts.ts';
import { IMAGE_EDGES, type ImageSize, type ImageSizes } from '../assets/image-sizes.ts';
import type { Asker } from '../assets/asset-fetcher.ts';
import type { AssetStore } from '../assets/asset-store.ts';
import { matchesEtag, parseRange, rangeLength, type RequestedRange } from '../assets/range.ts';
import type { DataObject } from '../assets/source.ts';
import { createAssetHeaders } from './asset-headers.ts';
import { parseAssetId } from './asset-id.ts';
import type { AssetSender, Raw } from './asset-sender.ts';
import type { Cors, FlatHeaders } from './cors.ts';

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
  const { gate, store, images, sender, findObject, clock } = options;
  const headersFor = createAssetHeaders(options);

  /** `known`: of a request whose new token has had to wait for its turn. */
  const handle = (request: AssetRequest, reply: Raw, known?: RequestFacts): Promise<void> | undefined => {
    const asset = parseAssetId(request.params.id);
    const object = findObject(asset);
    const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
    const facts = known ?? new RequestFacts(request, options.facts, nowSec(clock), method);
    const imageSize = findImageSize(request.query);
    const etag = object === null ? '' : `"${object.contentHash}${imageSize === null ? '' : `-${imageSize}`}"`;
    const range = object === null ? 'unsatisfiable' : requestedRange(request, object.size, etag, imageSize);
    facts.wants(range, object?.size ?? 0);

    /** Throws unless the request may have the asset as things are now; else all that is said of any answer to it. */
    const headersIfAllowed = (decision = gate.judge(asset, facts)): FlatHeaders => {
      if (!decision.allowed) throw toRefusalProblem(decision);
      const tokenLifeSec = facts.token === null || !decision.lasts ? null : facts.token.exp - facts.nowSec;
      return headersFor(etag, decision.public && !facts.isTokenInUrl, tokenLifeSec, request.headers.origin);
    };

    /**
     * A running answer ends when what is known has changed against it. The token is not looked at again and time stands
     * still for it, so that nothing expires in the middle of a film.
     */
    const mayGoOn = (): boolean => gate.mayGoOn(asset, facts);

    const decision = gate.judge(asset, facts);
    if (decision === LATER) return gate.turn(facts).then(() => handle(request, reply, facts));
    const headers = headersIfAllowed(decision);
    if (object === null) throw new Problem('not_found');
    const { size } = object;
    if (matchesEtag(request.headers['if-none-match'], etag))
      return store.peek(object).then((cache) => {
        sender.sendNotModified(reply, cache, headers);
      });
    if (imageSize !== null)
      return whileThere(request, (asker) => images.open(object, imageSize, asker)).then((stored) =>
        sender.send(reply, stored, {
          isHead: method === 'HEAD',
          size: 'bytes' in stored.content ? stored.content.bytes.length : stored.content.size,
          range: 'whole',
          headers: headersIfAllowed,
          mayGoOn,
        }),
      );
    if (range === 'unsatisfiable') throw unsatisfiable(object);
    const answer = { isHead: method === 'HEAD', size, range, headers: () => headers, mayGoOn };
    const inMemory = store.findInMemory(object);
    if (inMemory) {
      sender.sendMemory(reply, inMemory, answer);
      return undefined;
    }
    const sendStored = (): Promise<void> =>
      whileThere(request, (asker) => store.open(object, rangeLength(range, size), asker)).then((stored) =>
        // Getting it takes its time, and the answer is about now.
        sender.send(reply, stored, { ...answer, headers: headersIfAllowed }),
      );
    if (answer.isHead)
      return store
        .peek(object)
        .then((cache) => (cache === 'hit' ? sendStored() : sender.sendUnfetched(reply, cache, answer)));
    return sendStored();
  };
  return (request, reply) => handle(request, reply);
}

/** For as long as the client's connection stays open while the work runs. */
function whileThere<T>({ socket, ip }: AssetRequest, work: (asker: Asker) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const leave = (): void => controller.abort(new Problem('unavailable', 'The client is gone'));
  socket.setMaxListeners(0); // as many as there are requests sent ahead
  if (socket.destroyed) leave();
  socket.once('close', leave);
  return work({ address: ip, gone: controller.signal }).finally(() => socket.off('close', leave));
}

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
