import type { FileHandle } from 'node:fs/promises';
import { createContentHasher } from '../../../shared/base/index.ts';
import { SourceError, type AssetSource, type DataObject } from './source.ts';

export interface DownloadLimits {
  /** How long a source may send nothing at all. */
  readonly idleMsMax: number;
  /** What a source must manage on average, so that one that drips cannot hold a place for ever. */
  readonly bytesPerSecMin: number;
}

/**
 * Writes a data object from one source into an empty file. Resolves when all bytes are there and their size and hash
 * are right; throws `SourceError` when the source is to blame, and the error itself when this machine is (disk full).
 */
export async function download(
  source: AssetSource,
  { id, size, contentHash }: DataObject,
  file: FileHandle,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<void> {
  const hasher = await createContentHasher();
  const watch = watchProgress(limits, size, signal);
  let written = 0;
  try {
    for await (const chunk of blaming(source.read(id, watch.signal), watch.signal)) {
      watch.progress();
      if (written + chunk.length > size)
        throw new SourceError('wrong_size', 'sent more bytes than there are');
      hasher.update(chunk);
      await writeAll(file, chunk, written);
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

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, at, chunk.length - at, position + at);
    at += bytesWritten;
  }
}
