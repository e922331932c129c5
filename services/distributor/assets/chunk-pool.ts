/** Memory for bytes on their way from a file to a client, used again and again, since making it costs more than filling it. */
export interface ChunkPool {
  /** Of the large size as long as the limit allows it, of the small one otherwise. */
  take(): Buffer;
  /** Takes it back. `isRead`: nobody reads from it any more; else it is not used again: another client's bytes come next. */
  give(chunk: Buffer, isRead: boolean): void;
  /** Bytes taken and kept for the next. */
  readonly bytes: number;
}

const LARGE_BYTES = 512 * 1_024;
/** For those that come when the limit is reached: slower for a large file, but never refused. */
const SMALL_BYTES = 32 * 1_024;

export function createChunkPool(bytesMax: number): ChunkPool {
  const free: Buffer[] = [];
  /** Large ones, free or taken. */
  let made = 0;
  return {
    take: () => {
      const chunk = free.pop();
      if (chunk) return chunk;
      if ((made + 1) * LARGE_BYTES > bytesMax) return Buffer.allocUnsafeSlow(SMALL_BYTES);
      made += 1;
      return Buffer.allocUnsafeSlow(LARGE_BYTES);
    },
    give: (chunk, isRead) => {
      if (chunk.length !== LARGE_BYTES) return;
      if (isRead) free.push(chunk);
      else made -= 1;
    },
    get bytes() {
      return made * LARGE_BYTES;
    },
  };
}
