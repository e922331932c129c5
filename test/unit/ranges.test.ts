import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesEtag, parseRange, type RequestedRange } from '../../services/distributor/assets/range.ts';

const etag = '"gWabc"';
const parse = (header: string | undefined, size = 100, ifRange?: string): RequestedRange =>
  parseRange(header, ifRange, { size, etag });

describe('Range (RFC 9110, section 14)', () => {
  it.each([
    ['bytes=0-9', { first: 0, last: 9 }],
    ['bytes=10-', { first: 10, last: 99 }],
    ['bytes=-10', { first: 90, last: 99 }],
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=99-99', { first: 99, last: 99 }],
    ['bytes=0-1000', { first: 0, last: 99 }],
    ['bytes=-1000', { first: 0, last: 99 }],
    ['bytes=5-99999999999999999999999999', { first: 5, last: 99 }],
    [`bytes=5-${'9'.repeat(400)}`, { first: 5, last: 99 }],
    ['Bytes=0-9', { first: 0, last: 9 }],
    ['bytes= 0-9 ', { first: 0, last: 9 }],
    ['bytes=00-09', { first: 0, last: 9 }],
  ])('%s is one part', (header, expected) => {
    expect(parse(header)).toEqual(expected);
  });

  it.each(['bytes=100-', 'bytes=100-200', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])(
    '%s cannot be satisfied',
    (header) => {
      expect(parse(header)).toBe('unsatisfiable');
    },
  );

  it.each([
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=abc',
    'bytes=5-2',
    'bytes=0-9,20-29',
    'bytes=0-9, 20-29',
    'bytes=--5',
    'bytes=-5-',
    'bytes=0x1-5',
    'bytes=1.5-2',
    'bytes=1e1-20',
    'bytes=٣-٤',
    'bytes 0-9',
    'items=0-9',
    'none',
  ])('%s is ignored', (header) => {
    expect(parse(header)).toBe('whole');
  });

  it('is ignored for an empty representation', () => {
    for (const header of ['bytes=0-', 'bytes=-5', 'bytes=0-0']) expect(parse(header, 0)).toBe('whole');
  });

  it('counts only under the very tag If-Range names', () => {
    expect(parse('bytes=0-9', 100, etag)).toEqual({ first: 0, last: 9 });
    for (const other of ['"other"', `W/${etag}`, 'Wed, 21 Oct 2015 07:28:00 GMT', '*', ''])
      expect(parse('bytes=0-9', 100, other)).toBe('whole');
    expect(parse('bytes=100-', 100, '"other"')).toBe('whole');
  });

  it('equals slicing, for every range', () => {
    const bound = fc.oneof(fc.constant(''), fc.nat(30).map(String));
    fc.assert(
      fc.property(fc.nat(20), bound, bound, (size, from, to) => {
        const all = Array.from({ length: size }, (_, index) => index);
        const range = parse(`bytes=${from}-${to}`, size);
        const expected = slice(all, from, to);
        const actual =
          range === 'whole' ? all : range === 'unsatisfiable' ? null : all.slice(range.first, range.last + 1);
        expect(actual).toEqual(expected);
        if (typeof range === 'object') expect(range.last).toBeLessThan(size);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (header, size) => {
        expect(() => parse(header, size)).not.toThrow();
        expect(() => parse(`bytes=${header}`, size)).not.toThrow();
      }),
    );
  });
});

/** What a range means, written down as plainly as it can be; `null`: nothing to send. */
function slice(all: readonly number[], from: string, to: string): readonly number[] | null {
  if (all.length === 0 || (from === '' && to === '')) return all;
  if (from === '') return to === '0' ? null : all.slice(-Number(to));
  if (to !== '' && Number(to) < Number(from)) return all;
  const part = all.filter((index) => index >= Number(from) && (to === '' || index <= Number(to)));
  return part.length === 0 ? null : part;
}

describe('If-None-Match', () => {
  it.each([etag, `W/${etag}`, `"x", ${etag}`, `"x",${etag} , "y"`, '*'])('%s matches', (header) => {
    expect(matchesEtag(header, etag)).toBe(true);
  });
  it.each([undefined, '', '"x"', 'gWabc', `${etag}x`, '"gWabc'])('%s does not', (header) => {
    expect(matchesEtag(header, etag)).toBe(false);
  });
});
