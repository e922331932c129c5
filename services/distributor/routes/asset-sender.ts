import type { ServerResponse } from 'node:http';
import type { CacheStatus } from '../assets/asset-cache.ts';
import type { MemoryAsset, StoredAsset } from '../assets/asset-store.ts';
import type { ChunkPool } from '../assets/chunk-pool.ts';
import { rangeLength, type ByteRange } from '../assets/range.ts';
import type { Tally } from '../tally.ts';
import { contentHeaders } from './asset-headers.ts';
import type { FlatHeaders } from './cors.ts';
import { sendFile } from './send-file.ts';

/** What of Fastify's reply sending needs; it is not Fastify's for requests that never get there. */
export interface Raw {
  readonly raw: ServerResponse;
  hijack(): void;
}

export interface AssetAnswer {
  readonly isHead: boolean;
  /** Of the whole asset, bytes. */
  readonly size: number;
  readonly range: 'whole' | ByteRange;
  /** All that depends neither on the range nor on the bytes, as it is when the answer begins; may throw instead. */
  headers(): FlatHeaders;
  /** Whether the rest may still be sent; asked before each chunk of an answer that takes its time. */
  mayGoOn(): boolean;
}

/** Writes answers about assets. Whoever calls has asked the policy before. */
export interface AssetSender {
  sendNotModified(reply: Raw, cache: CacheStatus, headers: FlatHeaders): void;
  /** To a HEAD, when the bytes are not here: all that is known without them, so no content type. */
  sendUnfetched(reply: Raw, cache: CacheStatus, answer: AssetAnswer): void;
  sendMemory(reply: Raw, asset: MemoryAsset, answer: AssetAnswer): void;
  /** Releases the file it is given, however the sending ends. Throws what is wrong before the answer has begun. */
  send(reply: Raw, stored: StoredAsset, answer: AssetAnswer): Promise<void>;
}

/** Answers are written straight to Node's response: Fastify's own way costs small assets a good part of their speed. */
export function createAssetSender(tally: Tally, pool: ChunkPool): AssetSender {
  const begin = (
    reply: Raw,
    cache: CacheStatus,
    answer: AssetAnswer,
    content: FlatHeaders,
  ): ServerResponse => {
    const { isHead, range, size } = answer;
    const length = rangeLength(range, size);
    const head = answer.headers().concat(content, ['x-cache', cache, 'content-length', String(length)]);
    if (range !== 'whole') head.push('content-range', `bytes ${range.first}-${range.last}/${size}`);
    tally.answered(isHead ? 'head' : range === 'whole' ? 'whole' : 'part');
    tally.served(cache, isHead ? 0 : length);
    reply.hijack();
    return reply.raw.writeHead(range === 'whole' ? 200 : 206, head);
  };

  const sendMemory = (
    reply: Raw,
    { bytes, contentType }: MemoryAsset,
    answer: AssetAnswer,
    cache: CacheStatus = 'hit',
  ): void => {
    const response = begin(reply, cache, answer, contentHeaders(contentType));
    const { isHead, range } = answer;
    if (isHead) response.end();
    else response.end(range === 'whole' ? bytes : bytes.subarray(range.first, range.last + 1));
  };

  return {
    sendNotModified: (reply, cache, headers) => {
      tally.answered('not_modified');
      reply.hijack();
      reply.raw.writeHead(304, [...headers, 'x-cache', cache]).end();
    },
    sendUnfetched: (reply, cache, answer) => {
      begin(reply, cache, answer, []).end();
    },
    sendMemory,
    send: async (reply, { cache, content }, answer) => {
      if ('bytes' in content) {
        sendMemory(reply, content, answer, cache);
        return;
      }
      const start = (): void => {
        begin(reply, cache, answer, contentHeaders(content.contentType));
      };
      try {
        if (answer.isHead) {
          start();
          reply.raw.end();
          return;
        }
        const { range, size } = answer;
        const part = range === 'whole' ? { first: 0, last: size - 1 } : range;
        const mayGoOn = (): boolean => answer.mayGoOn();
        await sendFile(content, { range: part, start, mayGoOn }, reply.raw, pool);
        // The client was gone before there was anything to say.
        if (!reply.raw.headersSent) reply.hijack();
      } finally {
        content.release();
      }
    },
  };
}
