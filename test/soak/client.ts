import { Agent } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { Random } from '../support/random-tables.ts';
import type { Arena } from './arena.ts';
import type { Caller } from './callers.ts';
import type { Faults } from './faults.ts';
import { ask, type Answer } from './request.ts';
import type { SoakAsset } from './world.ts';

export interface Tally {
  requests: number;
  readonly answers: Map<string, number>;
  /** Answers that nothing explains, in words; the first hundred. */
  readonly wrong: string[];
}

/** News takes this long at most while nothing is broken, on a machine that has everything else to do as well. */
const LATENCY_MS = 3_000;

interface Wish {
  readonly asset: SoakAsset;
  readonly caller: Caller;
  readonly kind: 'whole' | 'range' | 'head' | 'known' | 'slow' | 'gone';
  readonly range: readonly [first: number, last: number];
}

/** A viewer: asks for something, judges the answer, asks for something else, until `signal` aborts. */
export async function view(
  { world, distributor }: Arena,
  faults: Faults,
  random: Random,
  findCaller: (random: Random) => Caller,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    while (!signal.aborted) {
      const wish = makeWish(world.assets, random, findCaller);
      const from = performance.now();
      let found: string;
      let answer: Answer | null = null;
      try {
        answer = await ask({
          agent,
          url: `${distributor.url}/api/v1/assets/${wish.asset.id}`,
          method: wish.kind === 'head' ? 'HEAD' : 'GET',
          headers: headersOf(wish),
          pauseMs: wish.kind === 'slow' ? 20 : 0,
          bytesMax: wish.kind === 'gone' ? 1_000 : Infinity,
        });
        found = judge(wish, answer);
      } catch (error) {
        found = `no answer (${error instanceof Error ? error.message : String(error)})`;
      }
      const to = performance.now();
      tally.requests += 1;
      tally.answers.set(found, (tally.answers.get(found) ?? 0) + 1);
      if (!isRight(wish, found, from, to, world, faults) && tally.wrong.length < 100)
        tally.wrong.push(describe(wish, found, answer, from, to, world));
      if (found.startsWith('no answer')) await setTimeout(50);
    }
  } finally {
    agent.destroy();
  }
}

function makeWish(
  assets: readonly SoakAsset[],
  random: Random,
  findCaller: (random: Random) => Caller,
): Wish {
  // A few are wanted most of the time: about as often as one over their rank.
  const rank = Math.floor(assets.length ** (random(10_000) / 10_000)) - 1;
  const asset = assets[(rank * 37) % assets.length];
  if (asset === undefined) throw new Error('there are no assets');
  const first = random(asset.bytes.length);
  return {
    asset,
    caller: findCaller(random),
    kind:
      (['whole', 'whole', 'whole', 'range', 'range', 'head', 'known', 'slow', 'gone'] as const)[random(9)] ??
      'whole',
    range: [first, Math.min(asset.bytes.length - 1, first + random(200_000))],
  };
}

function headersOf({ asset, caller, kind, range }: Wish): Readonly<Record<string, string>> {
  return {
    ...(caller.token === null ? {} : { authorization: `Bearer ${caller.token}` }),
    ...(kind === 'range' ? { range: `bytes=${range[0]}-${range[1]}` } : {}),
    ...(kind === 'known' ? { 'if-none-match': `"${asset.hash}"` } : {}),
  };
}

/** `open` for exactly what was asked for, `cut` for a part of it, else what was refused or is wrong with it. */
function judge({ asset, kind, range }: Wish, { status, headers, body, isWhole }: Answer): string {
  if (status >= 400) {
    if (kind === 'head') return `status ${status}`;
    if (headers['content-type']?.startsWith('application/problem+json') !== true)
      return `no problem document (${status})`;
    if (!isWhole) return 'cut';
    return String((JSON.parse(body.toString('utf8')) as { code?: string }).code);
  }
  const wanted = kind === 'range' ? asset.bytes.subarray(range[0], range[1] + 1) : asset.bytes;
  if (kind === 'known') return status === 304 ? 'open' : `wrong status ${status}`;
  if (status !== (kind === 'range' ? 206 : 200)) return `wrong status ${status}`;
  if (headers['content-length'] !== String(wanted.length))
    return `wrong length ${headers['content-length'] ?? ''}`;
  if (kind === 'head') return 'open';
  if (!body.equals(wanted.subarray(0, body.length))) return 'wrong bytes';
  return isWhole || (kind === 'gone' && body.length >= Math.min(1_000, wanted.length)) ? 'open' : 'cut';
}

const STATUS: Readonly<Record<string, number>> = {
  ...{
    token_missing: 401,
    token_invalid: 401,
    token_expired: 401,
    policy_denied: 403,
    not_public: 403,
    censored: 451,
  },
  ...{ policy_stale: 503, source_unavailable: 502, unavailable: 503 },
};

/** Whether an answer is what some state of the world between its request and its end makes of it. */
function isRight(
  { asset: { channel }, caller }: Wish,
  found: string,
  from: number,
  to: number,
  world: Arena['world'],
  faults: Faults,
): boolean {
  const isDatabaseBroken = faults.explains('database', from, to);
  // Somebody who hears nothing goes on with what is known: for so long as knowledge may be old, and public things longer.
  const latencyMs = isDatabaseBroken ? 30_000 : LATENCY_MS;
  const codes = new Set(
    world.possible(channel, from, to, latencyMs).map((state) => caller.expects(channel, state)),
  );
  const is = (code: string): boolean => found === code || found === `status ${STATUS[code] ?? 0}`;
  if ([...codes].some(is)) return true;
  if (found === 'cut')
    return (
      codes.size > 1 ||
      faults.explains('process', from, to) ||
      (codes.has('open') && faults.explains('storage', from, to))
    );
  if (found.startsWith('no answer')) return faults.explains('process', from, to);
  if (is('policy_stale') && isDatabaseBroken) return true;
  if (is('policy_stale') && faults.explains('process', from, to)) return true;
  return (
    (is('source_unavailable') || is('unavailable')) &&
    codes.has('open') &&
    faults.explains('storage', from, to)
  );
}

function describe(
  { asset, caller, kind, range }: Wish,
  found: string,
  answer: Answer | null,
  from: number,
  to: number,
  world: Arena['world'],
): string {
  const states = world
    .possible(asset.channel, from, to, LATENCY_MS)
    .map((state) => `${JSON.stringify(state)} → ${caller.expects(asset.channel, state)}`);
  return (
    `${kind} of asset ${asset.id} (${asset.bytes.length} bytes${kind === 'range' ? `, ${range.join('-')}` : ''}): ` +
    `${found}, ${answer ? `${answer.status}, ${answer.body.length} bytes` : 'nothing'} ` +
    `after ${Math.round(to - from)} ms at ${Math.round(to / 1_000)} s; possible: ${states.join(', ')}`
  );
}
