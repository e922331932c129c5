import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientAddress } from '../../services/distributor/access/client-address.ts';
import { AddressBudget, networkOf } from '../../shared/http/index.ts';
import { FirstSights } from '../../services/distributor/limits/first-sights.ts';
import { parseAddressBlocks } from '../../shared/http/index.ts';

describe('a budget by address', () => {
  it('never gives more than the rate and the burst allow, nor less', () => {
    const moments = fc.array(
      fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), who: fc.constantFrom('a', 'b') }),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 20 }), (requests, perSecMax) => {
        let now = 0;
        const budget = new AddressBudget({ perSecMax, burstSec: 2, addressesMax: 10, now: () => now });
        const left = new Map<string, { value: number; at: number }>();
        for (const { afterMs, who } of requests) {
          now += afterMs;
          const { value, at } = left.get(who) ?? { value: perSecMax * 2, at: now };
          const model = Math.min(perSecMax * 2, value + ((now - at) * perSecMax) / 1_000);
          // Where the model stands on the edge, the last bit decides.
          if (Math.abs(model - 1) < 1e-6) return;
          expect(budget.take(who)).toBe(model >= 1);
          left.set(who, { value: model >= 1 ? model - 1 : model, at: now });
        }
      }),
    );
  });

  it('says when there is one again, and keeps its word', () => {
    let now = 0;
    const budget = new AddressBudget({ perSecMax: 1, burstSec: 3, addressesMax: 10, now: () => now });
    for (let count = 0; count < 3; count += 1) expect(budget.take('a')).toBe(true);
    expect([budget.take('a'), budget.waitSec('a'), budget.refused]).toEqual([false, 1, 1]);
    now += 1_000;
    expect(budget.take('a')).toBe(true);
  });

  it('remembers who has used up its budget, however many others come, and forgets only who has not', () => {
    let now = 0;
    const budget = new AddressBudget({ perSecMax: 1, burstSec: 5, addressesMax: 1_000, now: () => now });
    const greedy = Array.from({ length: 20 }, (_, host) => `192.0.2.${host}`);
    for (const address of greedy) for (let count = 0; count < 5; count += 1) budget.take(address);
    for (let count = 0; count < 100_000; count += 1) {
      budget.take(`10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`);
      if (count % 1_000 === 0) now += 1;
    }
    // A place may be lost where five such came together: 20 in 256 sets hardly ever do.
    const stillNone = greedy.filter((address) => !budget.take(address)).length;
    expect(stillNone).toBeGreaterThanOrEqual(18);
  });

  it('gives everybody one of its own: hardly anybody pays for somebody else', () => {
    const budget = new AddressBudget({ perSecMax: 1, burstSec: 1, addressesMax: 50_000, now: () => 0 });
    let refused = 0;
    for (let count = 0; count < 20_000; count += 1)
      if (!budget.take(`10.0.${count >> 8}.${count & 255}`)) refused += 1;
    expect(refused).toBeLessThan(3);
  });

  it('knows no limit when it is 0', () => {
    const none = new AddressBudget({ perSecMax: 0, burstSec: 1, addressesMax: 100 });
    for (let count = 0; count < 1_000; count += 1) expect(none.take('a') && none.has('a')).toBe(true);
    expect(none.refused).toBe(0);
  });

  it.each([
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('counts %s as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('blocks of addresses', () => {
  const octet = fc.oneof(fc.nat(255), fc.constantFrom(256, 999), fc.constant('01'), fc.constant(''));
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4().map((address) => `::ffff:${address}`),
    fc.array(octet, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.')),
    fc.string({ maxLength: 20 }),
  );

  it.each([
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '::ffff:10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.0.0.1', false],
  ])('%s, written as IPv6, holds %s: %s', (block, address, expected) => {
    expect(parseAddressBlocks([block])(address)).toBe(expected);
  });

  it('hold what Node says they hold', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.nat(32), fc.array(text, { maxLength: 20 }), (network, length, asked) => {
        const list = new BlockList();
        list.addSubnet(network, length, 'ipv4');
        const holds = parseAddressBlocks([`${network}/${length}`]);
        for (const address of [...asked, network]) {
          const version = isIP(address);
          const expected = version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
          expect(holds(address), address).toBe(expected);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("the client's address", () => {
  const isTrusted = parseAddressBlocks(['10.0.0.0/8', '::1']);
  const of = (peer: string, forwarded?: string) =>
    clientAddress(
      {
        socket: { remoteAddress: peer } as never,
        headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
      },
      isTrusted,
    );
  it.each([
    ['192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', 'spoofed, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['::1', '203.0.113.9,198.51.100.2', '198.51.100.2'],
    ['10.0.0.1', '10.0.0.2', '10.0.0.2'],
  ])('from %s, forwarded for %s, is %s', (peer, forwarded, expected) => {
    expect(of(peer, forwarded)).toBe(expected);
  });
});

describe('first sights', () => {
  const spend = (sights: FirstSights, times: number, isGenuine = false): void => {
    for (let time = 0; time < times; time += 1) sights.spend(5, isGenuine);
  };
  const busy = (sights: FirstSights): void => {
    spend(sights, 200);
  };

  it('are free within their share of time, and again once it is earned', () => {
    let now = 0;
    const sights = new FirstSights({ shareMax: 0.25, burstMs: 10, waitingMax: 5, now: () => now });
    expect(sights.isFree).toBe(true);
    spend(sights, 3);
    expect(sights.isFree).toBe(false);
    now += 20;
    expect(sights.isFree).toBe(false);
    now += 1;
    expect(sights.isFree).toBe(true);
    expect(sights.stats).toEqual({ waiting: 0, refused: 0, spentMs: 15 });
  });

  it('of genuine tokens take a fifth of their time from the share, and are not free', () => {
    const sights = new FirstSights({ shareMax: 0.25, burstMs: 10, waitingMax: 5, now: () => 0 });
    spend(sights, 9, true);
    expect(sights.isFree).toBe(true);
    spend(sights, 1, true);
    expect([sights.isFree, sights.stats.spentMs]).toEqual([false, 50]);
  });

  it('take no more from it than a check does when the process was kept waiting meanwhile', () => {
    const sights = new FirstSights({ shareMax: 0.25, burstMs: 10, waitingMax: 5, now: () => 0 });
    sights.spend(60_000, false);
    expect(sights.isFree).toBe(true);
  });

  it('take turns by address, however many one of them sends, and the longest line is cut', async () => {
    let now = 0;
    const sights = new FirstSights({ shareMax: 1, burstMs: 1, waitingMax: 6, now: () => now });
    busy(sights);
    const order: string[] = [];
    const turns = ['a', 'a', 'a', 'a', 'a', 'a', 'a', 'b', 'c'].map((address, index) =>
      sights
        .turn(address, () => void order.push(`${address}${index}`))
        .then(
          () => 'done',
          (error: unknown) => (error as { code: string }).code,
        ),
    );
    expect(sights.stats).toMatchObject({ waiting: 6, refused: 3 });
    now += 10_000;
    const results = await Promise.all(turns);
    expect(results.filter((one) => one === 'too_many_requests')).toHaveLength(3);
    // Those of `b` and `c` were not sent away, and waited for one of `a` at most.
    expect([results[7], results[8]]).toEqual(['done', 'done']);
    expect(order.slice(0, 3).sort()).toEqual(['a0', 'b7', 'c8']);
    expect(order.filter((one) => one.startsWith('a'))).toEqual(['a0', 'a1', 'a2', 'a3']);
    expect(sights.isFree).toBe(true);
  });

  it('are one line for all the addresses of an IPv6 network', async () => {
    const sights = new FirstSights({ shareMax: 0.01, burstMs: 1, waitingMax: 20 });
    busy(sights);
    const codes: (string | undefined)[] = [];
    const turns = Array.from({ length: 40 }, (_, host) => `2001:db8:1:2::${host.toString(16)}`).map(
      (address) =>
        sights
          .turn(address, () => undefined)
          .catch((error: unknown) => codes.push((error as { code: string }).code)),
    );
    await expect.poll(() => codes).toEqual(Array<string>(20).fill('too_many_requests'));
    // Somebody from elsewhere has a place at once, at the cost of that line.
    let isRefused = false;
    const other = sights.turn('192.0.2.1', () => undefined).catch(() => (isRefused = true));
    await expect.poll(() => codes).toHaveLength(21);
    expect(isRefused).toBe(false);
    sights[Symbol.dispose]();
    await Promise.all([...turns, other]);
  });

  it('that throw are told to who waits, and stop nobody', async () => {
    let now = 0;
    const sights = new FirstSights({ shareMax: 1, burstMs: 1, waitingMax: 5, now: () => now });
    busy(sights);
    const failing = sights.turn('a', () => {
      throw new Error('of its own');
    });
    const other = sights.turn('b', () => undefined);
    now += 10_000;
    await expect(failing).rejects.toThrow('of its own');
    await expect(other).resolves.toBeUndefined();
  });

  it('are not done for who has left the line; the others move up', async () => {
    let now = 0;
    const sights = new FirstSights({ shareMax: 1, burstMs: 1, waitingMax: 5, now: () => now });
    busy(sights);
    const done: string[] = [];
    const client = (): AbortController => new AbortController();
    const [leaving, staying, late] = [client(), client(), client()];
    const left = sights.turn('a', () => void done.push('left'), leaving.signal);
    const stayed = sights.turn('a', () => void done.push('stayed'), staying.signal);
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    late.abort(new Error('gone before'));
    await expect(sights.turn('a', () => void done.push('late'), late.signal)).rejects.toThrow('gone before');
    expect(sights.stats).toMatchObject({ waiting: 1, refused: 0 });
    now += 10_000;
    await stayed;
    // Once it had its turn, nothing is left to leave.
    staying.abort();
    expect([done, sights.stats.waiting, sights.isFree]).toEqual([['stayed'], 0, true]);
  });

  it('are sent away at the end', async () => {
    const sights = new FirstSights({ shareMax: 0.01, burstMs: 1, waitingMax: 5 });
    busy(sights);
    const turn = sights.turn('a', () => undefined);
    sights[Symbol.dispose]();
    await expect(turn).rejects.toMatchObject({ code: 'too_many_requests' });
  });
});
