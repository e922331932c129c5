import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** The right number of bytes, the last one wrong: only a hash over all of them tells. */
export function corrupted(file: Readable): Readable {
  return Readable.from(flipLastByte(file));
}

async function* flipLastByte(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer | null = null;
  for await (const chunk of file) {
    if (held !== null) yield held;
    held = chunk;
  }
  if (held === null) return;
  held.writeUInt8(held.readUInt8(held.length - 1) ^ 1, held.length - 1);
  yield held;
}

/** Ends the connection after `length` bytes. */
export function truncated(file: Readable, length: number): Readable {
  return Readable.from(cutAfter(file, length));
}

async function* cutAfter(file: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let left = length;
  for await (const chunk of file) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) throw new Error('cut on purpose');
  }
}

/** Sends a tenth at a time with `pauseMs` before each; `Infinity`: a first tenth and then nothing, for ever. */
export function slowed(file: Readable, size: number, pauseMs: number): Readable {
  return Readable.from(trickle(file, Math.ceil(size / 10), pauseMs));
}

async function* trickle(file: AsyncIterable<Buffer>, step: number, pauseMs: number): AsyncGenerator<Buffer> {
  for await (const chunk of file) {
    for (let at = 0; at < chunk.length; at += step) {
      yield chunk.subarray(at, at + step);
      if (pauseMs === Infinity) await new Promise(() => undefined);
      await sleep(pauseMs);
    }
  }
}
