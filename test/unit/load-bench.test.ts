import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createMix, type Ask } from '../../bench/load/mix.ts';
import { parseLoadOptions } from '../../bench/load/options.ts';
import { createPlan, parsePlan, RANGE_BYTES, REFUSALS, type PlanParts } from '../../bench/load/plan.ts';
import { createZipf, randomFrom } from '../../bench/load/random.ts';
import { Tally } from '../../bench/load/tally.ts';
import { openLines, sendTraffic } from '../../bench/load/traffic.ts';
import { UsageError } from '../../shared/runtime/index.ts';

const PLAN = {
  tokens: { holders: ['h.h.one', 'h.h.two'], owner: 'o.o.own', strangers: ['s.s.tranger'] },
  assets: [
    { id: '1', bytes: 20_000 },
    { id: '2', bytes: 3 * RANGE_BYTES + 7, openTo: ['holders', 'owner'] },
    { id: '3', openTo: [], refusals: { noToken: 451, otherToken: 451 } },
  ],
};
const parse = (plan: unknown) => parsePlan(JSON.stringify(plan));
const problemsOf = (plan: unknown): string => {
  try {
    parse(plan);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'none';
};

describe('a plan', () => {
  it('that says what is wrong with it tells everything at once, and no token', () => {
    expect(() => parsePlan('{')).toThrow(new UsageError('The plan is not JSON.'));
    const told = problemsOf({
      tokens: { holders: ['sec ret'] },
      assets: [{ id: '../etc' }, { id: '1', size: 3 }, { id: '2', bytes: -1 }],
      seconds: 0,
    });
    for (const path of ['/tokens/holders', '/assets/0/id', '/assets/1/size', '/assets/2/bytes', '/seconds'])
      expect(told).toContain(`  - ${path}`);
    expect(told).not.toContain('sec ret');
    expect(problemsOf([])).toContain('The plan is not usable');
    expect(problemsOf({ assets: [] })).toContain('/assets');
  });

  it('whose parts do not belong together says which', () => {
    const assets = [{ id: '1' }, { id: '1', openTo: ['nobody'] }, { id: '2', openTo: ['toString'] }];
    const told = problemsOf({ assets, shares: { range: 1, public: 0 } });
    expect(told).toContain('asset 1 is there twice');
    expect(told).toContain('open to "nobody"');
    expect(told).toContain('open to "toString"');
    expect(told).toContain('shares wants ranges');
    expect(problemsOf({ assets: [{ id: '1' }], shares: {} })).toContain('nothing to ask for');
    expect(problemsOf({ assets: [{ id: '1' }], shares: { refused: 1 } })).toContain('every asset is public');
  });

  it('with many problems tells the first ones and how many more', () => {
    const assets = Array.from({ length: 30 }, () => ({ id: '' }));
    const told = problemsOf({ assets });
    expect(told.split('\n').length).toBeLessThan(15);
    expect(told).toMatch(/and \d+ more$/);
  });

  it('has the usual shares of what there is, and statuses where it names none', () => {
    const plan = parse(PLAN);
    expect(plan.shares).toEqual({ public: 0.45, gated: 0.3, range: 0.15, refused: 0.1 });
    expect(plan.assets[2]?.refusals).toEqual({ noToken: 451, otherToken: 451, forged: 401 });
    expect(plan.tokens.owner).toEqual(['o.o.own']);
    expect(parse({ assets: [{ id: '1' }] }).shares).toEqual({ public: 1, gated: 0, range: 0, refused: 0 });
    expect(parse({ ...PLAN, shares: { gated: 3, refused: 1 } }).shares).toMatchObject({
      ...{ public: 0, gated: 0.75, range: 0, refused: 0.25 },
    });
  });
});

describe('the options', () => {
  it.each([
    [{ url: ['http://a:1'] }, '--url and --plan'],
    [{ plan: ['p'] }, '--url and --plan'],
    [{ url: ['ftp://a'], plan: ['p'] }, '--url must be'],
    [{ url: ['http://a/?q'], plan: ['p'] }, '--url must be'],
    [{ url: ['http://me@a/'], plan: ['p'] }, '--url must be'],
    [{ connections: ['0'] }, '--connections must be'],
    [{ rate: ['many'] }, '--rate must be'],
    [{ rate: [''] }, '--rate must be'],
    [{ seconds: ['Infinity'] }, '--seconds must be'],
    [{ seed: ['1.5'] }, '--seed must be'],
    [{ zipf: ['-0.1'] }, '--zipf must be'],
  ])('%j is refused', (given, why) => {
    expect(() => parseLoadOptions(given)).toThrow(why);
  });

  it('are taken, URLs without the slash at their end', () => {
    const given = { url: ['http://a:1/', 'https://b/cdn/'], plan: ['p'], rate: ['0.5'], zipf: ['0'] };
    expect(parseLoadOptions(given)).toEqual({
      target: { urls: ['http://a:1', 'https://b/cdn'], planFile: 'p' },
      settings: { connections: null, rate: 0.5, seconds: null, zipf: 0, seed: null },
    });
  });
});

describe('popularity', () => {
  it.each([0, 0.9, 1.5])('to the power of %d is as frequent as it should be', (exponent) => {
    const [count, draws] = [50, 200_000];
    const next = createZipf(count, exponent, randomFrom(7));
    const seen = new Array<number>(count).fill(0);
    for (let draw = 0; draw < draws; draw += 1) seen[next()]! += 1;
    const weights = seen.map((_, rank) => (rank + 1) ** -exponent);
    const sum = weights.reduce((one, other) => one + other);
    // Six standard deviations: the seed is fixed, so this holds always or never.
    for (const [rank, weight] of weights.entries()) {
      const expected = (weight / sum) * draws;
      expect(Math.abs(seen[rank]! - expected)).toBeLessThan(6 * Math.sqrt(expected));
    }
  });

  it('stays within the ranks at the ends of chance', () => {
    expect(createZipf(10, 0.9, () => 0)()).toBe(0);
    expect(createZipf(10, 0.9, () => 1 - 2 ** -32)()).toBe(9);
    expect(createZipf(1, 0.9, () => 0.5)()).toBe(0);
  });
});

describe('the mix', () => {
  const draw = (count: number, plan = parse(PLAN), seed = 1, clock = (): number => 0): Ask[] => {
    const next = createMix(plan, { zipf: 0.9, seed, clock });
    return Array.from({ length: count }, next);
  };
  const opening = new Set(['h.h.one', 'h.h.two', 'o.o.own']);

  it('has every kind as often as its share, and is the same for the same seed', () => {
    const asks = draw(20_000);
    for (const [kind, share] of Object.entries(parse(PLAN).shares)) {
      const found = asks.filter((ask) => ask.kind === kind).length / asks.length;
      expect(Math.abs(found - share)).toBeLessThan(0.02);
    }
    const isForged = ({ token }: Ask): boolean =>
      token !== null && !opening.has(token) && token !== 's.s.tranger';
    expect(draw(500).filter((ask) => !isForged(ask))).toEqual(
      asks.slice(0, 500).filter((ask) => !isForged(ask)),
    );
    expect(draw(500, parse(PLAN), 2)).not.toEqual(asks.slice(0, 500));
  });

  it('opens what is gated with its tokens only, and expects of each refusal what the plan says', () => {
    for (const { kind, asset, token, expected } of draw(20_000)) {
      if (kind === 'public') expect([asset, token]).toEqual(['1', null]);
      if (kind === 'gated') expect([asset, opening.has(token ?? '')]).toEqual(['2', true]);
      if (kind !== 'refused') continue;
      expect([asset, opening.has(token ?? '')]).not.toEqual(['2', true]);
      const isOther = opening.has(token ?? '') || token === 's.s.tranger';
      const refusals = asset === '3' ? [451, 451, 401] : [401, 403, 401];
      expect(expected.status).toBe(refusals[token === null ? 0 : isOther ? 1 : 2]);
    }
  });

  it('plays from the beginning, then from the middle to no further than the end', () => {
    const size = 3 * RANGE_BYTES + 7;
    const ranges = draw(20_000).filter(({ kind }) => kind === 'range');
    expect(ranges[0]?.range).toEqual([0, RANGE_BYTES - 1]);
    const lasts = new Set<number>();
    for (const { range, expected } of ranges) {
      const [first, last] = range!;
      expect(first).toBeLessThanOrEqual(last);
      expect(last).toBeLessThan(size);
      expect(expected).toEqual({
        ...{ status: 206, bytes: last - first + 1, contentRange: `bytes ${first}-${last}/${size}` },
      });
      lasts.add(last);
    }
    expect(lasts).toContain(size - 1);
  });

  it('forges a new signature each time, and no more than ten a second', () => {
    const plan = parse({ ...PLAN, assets: PLAN.assets.slice(1, 2), shares: { refused: 1 } });
    let nowMs = 0;
    const next = createMix(plan, { zipf: 0.9, seed: 1, clock: () => nowMs });
    const isForged = ({ token }: Ask): boolean => token !== null && token !== 's.s.tranger';
    const forged: Ask[] = [];
    for (; nowMs < 20_000; nowMs += 1) {
      const ask = next();
      if (isForged(ask)) forged.push(ask);
    }
    expect(forged.length).toBeGreaterThan(50);
    expect(forged.length).toBeLessThanOrEqual(200);
    const tokens = forged.map(({ token }) => token);
    for (const token of tokens) expect(token).toMatch(/^(?:h\.h|o\.o)\.[\w-]+$/);
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(draw(10_000, plan).filter(isForged)).toHaveLength(1);
  });
});

describe('the traffic', () => {
  const parts: PlanParts = {
    assets: [{ id: '1', bytes: 3, openTo: null, refusals: REFUSALS }],
    ...{ tokens: {}, shares: null },
    settings: { connections: null, rate: null, seconds: null, zipf: null, seed: null },
  };
  const next = createMix(createPlan(parts), { zipf: 0, seed: 1, clock: () => 0 });
  const serve = async (listener: RequestListener) => {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  };

  it('at a rate does not forget those that waited while nobody answered', async () => {
    let answers = 0;
    await using server = await serve((_request, response) => {
      setTimeout(() => response.end('abc'), (answers += 1) === 1 ? 800 : 0);
    });
    const tally = new Tally();
    await using lines = openLines([server.url], 1);
    const sent = await sendTraffic({ lines, next, seconds: 1, perSec: 100, tally });
    const { all } = tally.results(sent.seconds);
    // One answer was slow; four in five requests were due in that time, half of them more than 300 ms before its end.
    expect(all).toMatchObject({ answers: 100, wrong: 0, errors: 0 });
    expect(all?.latency?.p50Ms).toBeGreaterThan(200);
    expect(sent.unsent).toBe(0);
  });

  it('counts other statuses, other lengths and bodies that break off, each by what it is', async () => {
    let answers = 0;
    await using server = await serve((_request, response) => {
      const turn = (answers += 1) % 4;
      if (turn === 0) response.end('abc');
      else if (turn === 1) response.end('abcd');
      else if (turn === 2) response.writeHead(429).end();
      else {
        response.writeHead(200, { 'content-length': 3 }).write('a');
        setImmediate(() => response.destroy());
      }
    });
    const tally = new Tally();
    await using lines = openLines([server.url, `${server.url}/`], 2);
    const { seconds } = await sendTraffic({ lines, next, tally, seconds: 0.1, perSec: 400 });
    expect(tally.results(seconds).all).toMatchObject({ answers: 10, wrong: 20, errors: 10 });
    expect(tally.complaints().map(({ times }) => times)).toEqual([10, 10, 10]);
    expect(tally.complaints().map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'public, asset 1 without a token: 4 bytes in place of 3',
        'public, asset 1 without a token: status 429 in place of 200',
      ]),
    );
  });

  it('at nobody ends in time, and does not hammer', async () => {
    const closed = await serve(() => undefined);
    await closed[Symbol.asyncDispose]();
    const tally = new Tally();
    await using lines = openLines([closed.url], 2);
    const { seconds } = await sendTraffic({ lines, next, tally, seconds: 0.3, perSec: null });
    const { all } = tally.results(seconds);
    expect(all).toMatchObject({ answers: 0, wrong: 0, latency: null });
    expect(all?.errors).toBeGreaterThan(0);
    expect(all?.errors).toBeLessThan(30);
  });
});
