import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { until } from './until.ts';

/** An answer that is looked at while it arrives. */
export interface PartialAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What has come so far. */
  bytes(): Buffer;
  has(length: number): Promise<void>;
  /** Resolves at its end with whether all of it came. */
  readonly ended: Promise<'whole' | 'cut'>;
  pause(): void;
  resume(): void;
  /** The client goes away. */
  leave(): void;
}

export async function beginAnswer(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<PartialAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).on('error', reject);
  });
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  response.on('error', () => undefined);
  const ended = new Promise<'whole' | 'cut'>((resolve) =>
    response.on('close', () => resolve(response.complete ? 'whole' : 'cut')),
  );
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    bytes: () => Buffer.concat(chunks),
    has: (atLeast) => until(`${atLeast} bytes`, () => length >= atLeast),
    ended,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    leave: () => void response.destroy(),
  };
}
