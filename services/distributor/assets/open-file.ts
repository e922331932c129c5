import type { FileHandle } from 'node:fs/promises';
import { sniffContentType, SNIFF_BYTES, type ContentType } from './content-type.ts';

/**
 * A file that several answers read from at once. It stays readable, even deleted, until everybody who took it has
 * released it: `take` and `release` are called in pairs.
 */
export interface OpenFile {
  readonly size: number;
  readonly contentType: ContentType;
  readonly handle: FileHandle;
  take(): OpenFile;
  release(): void;
}

/** Owned by the caller, who releases it; `handle` is closed with the last release. */
export async function openFile(handle: FileHandle, size: number): Promise<OpenFile> {
  const contentType = sniffContentType(await readBytes(handle, 0, Math.min(size, SNIFF_BYTES)));
  let users = 1;
  const file: OpenFile = {
    size,
    contentType,
    handle,
    take: () => {
      if (users === 0) throw new Error('The file is closed already');
      users += 1;
      return file;
    },
    release: () => {
      users -= 1;
      if (users === 0) void handle.close().catch(() => undefined);
    },
  };
  return file;
}

/** Exactly `length` bytes from `position`; throws when the file ends before. */
export async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new Error('The file is shorter than it should be');
    at += bytesRead;
  }
  return bytes;
}
