import type { FileHandle } from 'node:fs/promises';

/**
 * A file handle that several hold at once. It stays open, even when the file is deleted, until everybody who took it has
 * released it: `take` and `release` are called in pairs.
 */
export interface SharedHandle {
  readonly handle: FileHandle;
  take(): void;
  release(): void;
}

/** Owned by the caller, who releases it. */
export function shareHandle(handle: FileHandle): SharedHandle {
  let users = 1;
  return {
    handle,
    take: () => {
      if (users === 0) throw new Error('The file is closed already');
      users += 1;
    },
    release: () => {
      users -= 1;
      if (users === 0) void handle.close().catch(() => undefined);
    },
  };
}

/** Exactly `length` bytes from `position`; throws when the file ends before. */
export async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length;) at += await readSome(handle, bytes.subarray(at), position + at);
  return bytes;
}

/** What was verified when it was written has lost its end since. */
export class ShortFileError extends Error {
  constructor() {
    super('The file is shorter than it should be');
  }
}

/**
 * Whether what went wrong with a file speaks against the file itself: its end is missing, or the disk cannot read it (a bad
 * sector). Everything else, a want of descriptors or of leave, is of the moment.
 */
export const isDamage = (error: unknown): boolean =>
  error instanceof ShortFileError || (error instanceof Error && 'code' in error && error.code === 'EIO');

/** At least one byte; throws `ShortFileError` at the end of the file. */
export async function readSome(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  const { bytesRead } = await handle.read(into, 0, into.length, position);
  if (bytesRead === 0) throw new ShortFileError();
  return bytesRead;
}

export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}
