import type { ServerResponse } from 'node:http';
import type { ChunkPool } from '../assets/chunk-pool.ts';
import type { AssetFile } from '../assets/open-file.ts';
import type { ByteRange } from '../assets/range.ts';
import { Problem } from '../../../shared/wire/index.ts';
import { isGone } from './while-there.ts';

export interface FileAnswer {
  readonly range: ByteRange;
  /** Writes the head. Throws when the answer is not to be given after all. */
  readonly start: () => void;
  /** Whether the rest may still be sent; asked before each chunk. */
  readonly mayGoOn: () => boolean;
}

/**
 * Copies a part of a file to a client: while one chunk is on its way to the kernel the next is read, two in memory at a
 * time, as fast as the client takes them, and none before it is this answer's turn on its connection. Resolves when all
 * has been handed over, the client is gone, or the answer may not go on, in which case the connection is broken. When
 * the file cannot be read it throws if nothing has been said yet: after that a broken connection is the only honest end.
 */
export async function sendFile(
  file: AssetFile,
  { range: { first, last }, start, mayGoOn }: FileAnswer,
  response: ServerResponse,
  pool: ChunkPool,
): Promise<void> {
  if (!isTurn(response)) {
    start();
    await untilTurn(response);
  }
  if (isGone(response)) return;
  const chunks = [pool.take(), pool.take()] as const;
  const writer = createWriter(response);
  try {
    for (let at = first, turn = 0; at <= last; turn = 1 - turn) {
      await writer.isFree(turn);
      if (isGone(response)) return;
      const chunk = turn === 0 ? chunks[0] : chunks[1];
      const length = await file.read(chunk.subarray(0, last - at + 1), at, last);
      if (isGone(response)) return;
      if (!response.headersSent) start();
      else if (!mayGoOn()) {
        response.destroy();
        return;
      }
      writer.write(turn, chunk.subarray(0, length));
      at += length;
    }
    await Promise.all([writer.isFree(0), writer.isFree(1)]);
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    response.destroy();
    // Why an asset did not arrive has been logged where it was fetched.
    if (!(error instanceof Problem)) throw error;
  } finally {
    const isRead = !isGone(response) && writer.pending === 0;
    for (const chunk of chunks) pool.give(chunk, isRead);
  }
}

const isTurn = (response: ServerResponse): boolean => response.socket !== null;

/**
 * Resolves when an answer to a request that was sent ahead of others' answers has its turn, or the connection is gone.
 * Until then Node would keep whatever is written, and never say when it is free.
 */
function untilTurn(response: ServerResponse): Promise<void> {
  const { socket } = response.req;
  if (isTurn(response) || isGone(response)) return Promise.resolve();
  // What it keeps it counts: when the heads that wait are many it reads no more requests.
  response.flushHeaders();
  socket.setMaxListeners(0);
  return new Promise((resolve) => {
    const end = (): void => {
      response.off('socket', end);
      socket.off('close', end);
      resolve();
    };
    response.once('socket', end);
    socket.once('close', end);
  });
}

interface Writer {
  write(turn: number, bytes: Buffer): void;
  /** Resolves when the kernel has what was written in this turn, or the connection is gone. */
  isFree(turn: number): Promise<void>;
  readonly pending: number;
}

function createWriter(response: ServerResponse): Writer {
  const free = [Promise.resolve(), Promise.resolve()];
  const ends = new Set<() => void>();
  // Once, and not for each chunk; a write that a closed connection swallows may never call back.
  response.once('close', () => {
    for (const end of ends) end();
  });
  return {
    write: (turn, bytes) => {
      free[turn] = new Promise((resolve) => {
        const end = (): void => {
          ends.delete(end);
          resolve();
        };
        if (isGone(response)) {
          resolve();
          return;
        }
        ends.add(end);
        response.write(bytes, end);
      });
    },
    isFree: (turn) => free[turn] ?? Promise.resolve(),
    get pending() {
      return ends.size;
    },
  };
}
