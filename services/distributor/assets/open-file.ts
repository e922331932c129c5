import type { FileHandle } from 'node:fs/promises';
import { sniffContentType, SNIFF_BYTES, type ContentType } from './content-type.ts';
import { readBytes, readSome, shareHandle } from './shared-handle.ts';

/** The bytes of an asset in a file, which may still be arriving. Whoever opened it releases it. */
export interface AssetFile {
  readonly size: number;
  readonly contentType: ContentType;
  /**
   * Fills `into` from `position` with what is there, at least one byte, and waits for that. `last`: the answer's last
   * byte, and `into` reaches no further. Throws when the bytes do not come, or those given out so far were wrong.
   */
  read(into: Uint8Array, position: number, last: number): Promise<number>;
  release(): void;
}

/** A whole file that several answers read from at once: `take` and `release` are called in pairs. */
export interface OpenFile extends AssetFile {
  take(): OpenFile;
}

/** Owned by the caller, who releases it; `handle` is closed with the last release. */
export async function openFile(handle: FileHandle, size: number): Promise<OpenFile> {
  const contentType = await sniff(handle, size);
  const shared = shareHandle(handle);
  const file: OpenFile = {
    size,
    contentType,
    read: (into, position) => readSome(handle, into, position),
    take: () => {
      shared.take();
      return file;
    },
    release: () => shared.release(),
  };
  return file;
}

/** The type of what stands in a file, of which so many bytes must be there. */
export async function sniff(handle: FileHandle, size: number): Promise<ContentType> {
  return sniffContentType(await readBytes(handle, 0, Math.min(size, SNIFF_BYTES)));
}

/** All of it, when all of it is here. */
export async function readWhole(file: AssetFile): Promise<Buffer> {
  const { size } = file;
  const bytes = Buffer.allocUnsafeSlow(size);
  for (let at = 0; at < size;) at += await file.read(bytes.subarray(at), at, size - 1);
  return bytes;
}
