import { open, stat, type FileHandle } from 'node:fs/promises';

type Read = (
  this: FileHandle,
  into: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => Promise<{ readonly bytesRead: number }>;

/**
 * From this byte on, this process reads the file as from a disk with a bad sector: the kernel's `EIO`. What takes its name
 * later is another file.
 */
export async function breakFrom(path: string, at: number): Promise<AsyncDisposable> {
  const identify = (file: { readonly ino: bigint; readonly mtimeNs: bigint }): string =>
    `${file.ino} ${file.mtimeNs}`;
  const broken = identify(await stat(path, { bigint: true }));
  const handle = await open(path);
  const handles = Object.getPrototypeOf(handle) as { read: Read };
  await handle.close();
  const { read } = handles;
  handles.read = async function (into, offset, length, position) {
    if (position + length > at && identify(await this.stat({ bigint: true })) === broken)
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    return read.call(this, into, offset, length, position);
  };
  return {
    [Symbol.asyncDispose]: () => {
      handles.read = read;
      return Promise.resolve();
    },
  };
}
