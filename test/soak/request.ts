import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import { setTimeout } from 'node:timers/promises';

export interface Asked {
  readonly url: string;
  readonly agent: Agent;
  readonly method: 'GET' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
  /** Pauses between what it reads. */
  readonly pauseMs: number;
  /** Goes away after so many bytes. */
  readonly bytesMax: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** All of it has come. */
  readonly isWhole: boolean;
}

/** Asks and reads, in one of the ways clients do. Throws when there is no answer at all. */
export function ask({ url, agent, method, headers, pauseMs, bytesMax }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, { agent, method, headers, timeout: 30_000 }, (incoming) => {
      void read(incoming, pauseMs, bytesMax).then(resolve, reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in 30 s')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function read(incoming: IncomingMessage, pauseMs: number, bytesMax: number): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  let isWhole = false;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= bytesMax) break;
      if (pauseMs > 0) await setTimeout(pauseMs);
    }
    isWhole = incoming.complete;
  } catch {
    // Broken off: what has come is judged all the same.
  }
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
    isWhole,
  };
}
