import { Agent, request } from 'undici';
import { SourceError, type AssetSource, type DataObject } from '../source.ts';

export interface HttpSourceOptions {
  /** For the log. */
  readonly name: string;
  readonly urlOf: (id: number) => string;
  /** What proves who asks; asked for each request. */
  readonly headersFor: (url: string) => Promise<Readonly<Record<string, string>>>;
  /** PEM: whom to trust in place of the well-known authorities. */
  readonly ca: string | null;
  readonly connectionsMax: number;
}

/** Larger than any honest header of a file. */
const HEADER_BYTES_MAX = 16 * 1_024;

/**
 * Anything that answers `GET` with a file. Redirects are not followed: they could send this node, and its credentials,
 * anywhere. Nothing is decoded: bytes are what they are, and no small answer unfolds into a large one.
 */
export function createHttpSource(options: HttpSourceOptions): AssetSource {
  const { name, urlOf, headersFor, ca, connectionsMax } = options;
  const dispatcher = new Agent({
    connections: connectionsMax,
    maxHeaderSize: HEADER_BYTES_MAX,
    // How long anything may take is the download's to say.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: ca === null ? {} : { ca },
  });
  return {
    name,
    async *read({ id, size }, signal) {
      const url = urlOf(id);
      const { statusCode, headers, body } = await request(url, {
        dispatcher,
        signal,
        headers: { 'accept-encoding': 'identity', ...(await headersFor(url)) },
      });
      try {
        checkHead(statusCode, headers, size);
        for await (const chunk of body) yield chunk as Buffer;
      } finally {
        // Whoever stops early wants no more of it; the connection goes with it. That it ends early is no news.
        body.on('error', () => undefined).destroy();
      }
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

/** Whatever can be known to be wrong before the first byte. */
function checkHead(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  size: DataObject['size'],
): void {
  if (status === 404) throw new SourceError('missing', 'answered 404');
  if (status === 401 || status === 403)
    throw new SourceError(
      'refused',
      `answered ${status}: it does not let this node in (PANOPTES_NODE_SEED, PANOPTES_STORAGE_CREDENTIALS)`,
    );
  if (status !== 200) throw new SourceError('refused', `answered ${status}`);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new SourceError('refused', 'sent an encoding that was not asked for');
  const length = headers['content-length'];
  if (length !== undefined && Number(length) !== size)
    throw new SourceError('wrong_size', `announced another size than ${size} bytes`);
}
