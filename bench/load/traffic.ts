import { createHistogram } from 'node:perf_hooks';
import { Client } from 'undici';
import type { Ask } from './mix.ts';
import { latencyOf, type Latency, type Tally } from './tally.ts';

export interface Traffic {
  readonly lines: Lines;
  readonly next: () => Ask;
  readonly seconds: number;
  /** Requests a second, together, evenly; `null`: each connection asks again when it has been answered. */
  readonly perSec: number | null;
  readonly tally: Tally;
}

export interface Sent {
  /** Until the last answer. */
  readonly seconds: number;
  /** Were due and never sent, since all connections were waiting for answers until long after the end. */
  readonly unsent: number;
  /** By how much requests left late though a connection was free: what of the latencies is this process's own. */
  readonly late: Latency;
}

const TIMEOUT_MS = 10_000;
/** How long after the end what was due before is still sent. */
const GRACE_MS = 10_000;
/** A connection that failed is not tried again at once: nobody home would else be asked as fast as there can be. */
const PAUSE_MS = 50;
const TICK_MS = 1;

/** Connections, one request at a time on each; opened when first needed, and again when they end. */
export interface Lines extends AsyncDisposable {
  readonly all: readonly Line[];
}

interface Line {
  readonly client: Client;
  readonly prefix: string;
  freeSince: number;
}

/** Shared out among the URLs. */
export function openLines(urls: readonly string[], connections: number): Lines {
  const all = Array.from({ length: connections }, (_, index) => openLine(urls[index % urls.length] ?? ''));
  return {
    all,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map(({ client }) => client.destroy()));
    },
  };
}

/**
 * Sends requests and has `tally` judge the answers. At a rate, a latency counts from the moment a request was due, so
 * that one slow answer is not hidden by those that wait behind it ("coordinated omission").
 */
export async function sendTraffic(traffic: Traffic): Promise<Sent> {
  const { tally, next } = traffic;
  const lines = traffic.lines.all;
  const lateUs = createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 });
  const startAt = performance.now();
  const pace =
    traffic.perSec === null ? asFastAsAnswered(startAt, traffic) : evenly(startAt, traffic, traffic.perSec);

  /** The one that has waited longest first, which is also how several distributors are asked in turns. */
  const free = [...lines];
  const release = (line: Line): void => {
    line.freeSince = performance.now();
    free.push(line);
    pump();
  };
  const pump = (): void => {
    for (let line = free[0]; line !== undefined; line = free[0]) {
      const now = performance.now();
      const dueAt = pace.takeDue(now);
      if (dueAt === null) return;
      free.shift();
      if (line.freeSince <= dueAt) lateUs.record(Math.max(1, Math.round((now - dueAt) * 1_000)));
      send(line, next(), dueAt, tally, release);
    }
  };
  await new Promise<void>((resolve) => {
    const ticking = setInterval(() => {
      pump();
      if (free.length < lines.length || !pace.isOver(performance.now())) return;
      clearInterval(ticking);
      resolve();
    }, TICK_MS);
    pump();
  });
  const seconds = (performance.now() - startAt) / 1_000;
  return { seconds, unsent: pace.left(), late: latencyOf(lateUs) };
}

interface Pace {
  /** The moment at which the next request was due, if it is by now; it counts as sent. */
  readonly takeDue: (now: number) => number | null;
  readonly isOver: (now: number) => boolean;
  /** Requests that it will not give any more. */
  readonly left: () => number;
}

function asFastAsAnswered(startAt: number, { seconds }: Traffic): Pace {
  const endAt = startAt + seconds * 1_000;
  return {
    takeDue: (now) => (now < endAt ? now : null),
    isOver: (now) => now >= endAt,
    left: () => 0,
  };
}

function evenly(startAt: number, { seconds }: Traffic, perSec: number): Pace {
  const total = Math.max(1, Math.round(perSec * seconds));
  const lastAt = startAt + seconds * 1_000 + GRACE_MS;
  let sent = 0;
  return {
    takeDue: (now) => {
      const dueAt = startAt + (sent * 1_000) / perSec;
      if (sent === total || dueAt > now || now >= lastAt) return null;
      sent += 1;
      return dueAt;
    },
    isOver: (now) => sent === total || now >= lastAt,
    left: () => total - sent,
  };
}

function openLine(url: string): Line {
  const { origin, pathname } = new URL(url);
  const timeouts = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS, connectTimeout: TIMEOUT_MS };
  const client = new Client(origin, { pipelining: 1, ...timeouts });
  return { client, prefix: `${pathname === '/' ? '' : pathname}/api/v1/assets/`, freeSince: 0 };
}

function send(line: Line, ask: Ask, dueAt: number, tally: Tally, release: (line: Line) => void): void {
  const { asset, token, range } = ask;
  const headers: Record<string, string> = {};
  if (token !== null) headers.authorization = `Bearer ${token}`;
  if (range !== null) headers.range = `bytes=${range[0]}-${range[1]}`;
  let status = 0;
  let bytes = 0;
  let contentRange: string | null = null;
  line.client.dispatch(
    { method: 'GET', path: line.prefix + asset, headers },
    {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode, received) => {
        status = statusCode;
        if (range !== null) contentRange = String(received['content-range'] ?? 'none');
      },
      onResponseData: (_controller, chunk) => void (bytes += chunk.length),
      onResponseEnd: () => {
        tally.answered(ask, { status, bytes, contentRange }, performance.now() - dueAt);
        release(line);
      },
      onResponseError: (_controller, error) => {
        tally.failed(ask, reasonOf(error));
        setTimeout(release, PAUSE_MS, line);
      },
    },
  );
}

const reasonOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : error.name;
