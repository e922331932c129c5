import { createContentHasher } from '../../../shared/base/index.ts';
import { SourceError, type AssetSource, type DataObject } from './source.ts';

export interface DownloadLimits {
  /** How long a source may send nothing at all. */
  readonly idleMsMax: number;
  /** What a source must manage on average, so that one that drips cannot hold a place for ever. */
  readonly bytesPerSecMin: number;
}

/**
 * Hands the bytes of a data object from one source to `put`, one chunk after the other. Resolves when all were there and
 * their size and hash are right; throws `SourceError` when the source is to blame, and what `put` throws when this
 * machine is (disk full).
 */
export async function download(
  source: AssetSource,
  object: DataObject,
  put: (chunk: Uint8Array) => Promise<void>,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<void> {
  const { size, contentHash } = object;
  const hasher = await createContentHasher();
  const watch = watchProgress(limits, size, signal);
  let written = 0;
  try {
    for await (const chunk of blaming(source.read(object, watch.signal), watch.signal)) {
      watch.progress();
      if (written + chunk.length > size)
        throw new SourceError('wrong_size', 'sent more bytes than there are');
      hasher.update(chunk);
      await put(chunk);
      written += chunk.length;
    }
  } finally {
    watch.stop();
  }
  if (written !== size) throw new SourceError('wrong_size', `sent ${written} of ${size} bytes`);
  if (hasher.digest() !== contentHash)
    throw new SourceError('wrong_hash', 'sent other bytes than were asked for');
}

/** Names the source as the one to blame for whatever goes wrong while reading from it. */
async function* blaming(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* bytes;
  } catch (error) {
    if (error instanceof SourceError) throw error;
    if (signal.reason instanceof SourceError) throw signal.reason;
    if (signal.aborted) throw error;
    throw new SourceError('broken', 'the connection broke', error);
  }
}

interface ProgressWatch {
  readonly signal: AbortSignal;
  progress(): void;
  stop(): void;
}

/** Aborts with `slow` when nothing arrives for too long, or everything has taken too long; or when `outer` does. */
function watchProgress(limits: DownloadLimits, size: number, outer: AbortSignal): ProgressWatch {
  const controller = new AbortController();
  const endSlow = (why: string) => () => controller.abort(new SourceError('slow', why));
  const wholeMsMax = limits.idleMsMax + (size / limits.bytesPerSecMin) * 1_000;
  const idle = setTimeout(endSlow(`sent nothing for ${limits.idleMsMax} ms`), limits.idleMsMax);
  const whole = setTimeout(endSlow(`was not done in ${Math.round(wholeMsMax)} ms`), wholeMsMax);
  const end = (): void => controller.abort(outer.reason);
  outer.addEventListener('abort', end);
  if (outer.aborted) end();
  return {
    signal: controller.signal,
    progress: () => void idle.refresh(),
    stop: () => {
      clearTimeout(idle);
      clearTimeout(whole);
      outer.removeEventListener('abort', end);
    },
  };
}
