import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createArrival, HELD_BYTES, type Arrival } from '../../services/distributor/assets/arrival.ts';
import { shareHandle, writeAll } from '../../services/distributor/assets/shared-handle.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const SIZE = 4 * HELD_BYTES;
const TRUE = randomBytes(SIZE);
const CHUNK = 20_000;
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await createTemporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** What a source sends: so many bytes, one of them wrong perhaps. */
interface Source {
  readonly length: number;
  readonly wrongAt: number | null;
}

interface Reader {
  /** How many chunks have arrived when it comes. */
  readonly after: number;
  readonly first: number;
  readonly length: number;
  readonly step: number;
}

const sent = ({ length, wrongAt }: Source): Buffer => {
  const bytes = Buffer.from(TRUE.subarray(0, length));
  if (wrongAt !== null && wrongAt < length) bytes.writeUInt8(bytes.readUInt8(wrongAt) ^ 1, wrongAt);
  return bytes;
};
const isRight = ({ length, wrongAt }: Source): boolean => length === SIZE && wrongAt === null;

interface Got {
  readonly reader: Reader;
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

async function readAlong(arrival: Arrival, reader: Reader): Promise<Got> {
  const { first, length, step } = reader;
  const last = first + length - 1;
  const bytes = Buffer.alloc(length);
  let at = first;
  try {
    const file = await arrival.open(length);
    try {
      while (at <= last) {
        const into = Buffer.alloc(Math.min(step, last - at + 1));
        const count = await file.read(into, at, last);
        into.copy(bytes, at - first, 0, count);
        at += count;
      }
    } finally {
      file.release();
    }
    return { reader, bytes, isWhole: true };
  } catch {
    return { reader, bytes: bytes.subarray(0, at - first), isWhole: false };
  }
}

async function play(sources: readonly Source[], readers: readonly Reader[]): Promise<readonly Got[]> {
  const arrival = createArrival(SIZE, () => undefined);
  const file = shareHandle(await open(join(folder.path, 'file'), 'w+'));
  const reading: Promise<Got>[] = [];
  let chunks = 0;
  const letIn = (upTo: number): void => {
    for (const reader of readers)
      if (reader.after === chunks || upTo === Infinity) reading.push(readAlong(arrival, reader));
  };
  const put = async (bytes: Buffer): Promise<void> => {
    for (let at = 0; at < bytes.length; at += CHUNK) {
      letIn(chunks);
      await arrival.put(bytes.subarray(at, at + CHUNK));
      chunks += 1;
      for (let turn = 0; turn < 3; turn += 1) await setImmediate();
    }
  };
  arrival.begin({ ...file, write: (bytes, position) => writeAll(file.handle, bytes, position) });
  for (const source of sources) {
    arrival.restart();
    await put(sent(source));
    if (!isRight(source)) continue;
    arrival.verify();
    break;
  }
  arrival.fail(new Error('nobody delivers')); // of no effect once verified
  const got = await Promise.all(reading);
  file.release();
  return got;
}

const anySource: fc.Arbitrary<Source> = fc.record({
  length: fc.oneof(fc.constant(SIZE), fc.nat(SIZE)),
  wrongAt: fc.option(fc.nat(SIZE - 1)),
});
const anyReader: fc.Arbitrary<Reader> = fc
  .record({
    after: fc.nat(30),
    from: fc.nat(SIZE - 1),
    part: fc.integer({ min: 1, max: SIZE }),
    step: fc.integer({ min: 500, max: 70_000 }),
  })
  .map(({ after, from, part, step }) => ({ after, first: from, length: Math.min(part, SIZE - from), step }));

it('whatever sources say and whenever who reads: right and whole, or visibly not whole', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anySource, { maxLength: 4 }),
      fc.array(anyReader, { minLength: 1, maxLength: 6 }),
      async (sources, readers) => {
        const right = sources.findIndex(isRight);
        const asked = right === -1 ? sources : sources.slice(0, right + 1);
        const said = asked.map(sent);
        for (const { reader, bytes, isWhole } of await play(sources, readers)) {
          const { first, length } = reader;
          const part = (all: Buffer): Buffer => all.subarray(first, first + bytes.length);
          if (isWhole) {
            expect(right).not.toBe(-1);
            expect(bytes.equals(part(TRUE))).toBe(true);
          } else {
            // Never spliced, and never all that was asked for.
            expect(said.some((all) => part(all).equals(bytes)) || bytes.length === 0).toBe(true);
            expect(bytes.length).toBeLessThanOrEqual(Math.max(0, length - HELD_BYTES));
            // Nobody is cut but by sources that contradict each other.
            const isContradicted = asked.some(({ wrongAt }) => wrongAt !== null);
            expect(right === -1 || isContradicted).toBe(true);
          }
        }
      },
    ),
    { numRuns: 150 },
  );
});
