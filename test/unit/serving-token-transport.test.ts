import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findToken, type TokenSources } from '../../services/distributor/access/token-transport.ts';

const names = { cookie: 'panoptes', query: 'token', cookieOrigins: ['https://app.example'] };
interface Where {
  readonly authorization?: string | undefined;
  readonly path?: string | undefined;
  readonly query?: unknown;
  readonly cookie?: string | undefined;
}
const find = ({ authorization, path, query, cookie }: Where): string | null => {
  const sources: TokenSources = {
    headers: { authorization, cookie },
    params: path === undefined ? {} : { token: path },
    query: query === undefined ? {} : { token: query },
  };
  return findToken(sources, names);
};

describe('where a token is looked for', () => {
  it('takes what is said explicitly before what browsers send by themselves', () => {
    const all = { authorization: 'Bearer h', path: 'p', query: 'q', cookie: 'panoptes=c' };
    expect(find(all)).toBe('h');
    expect(find({ path: 'p', query: 'q', cookie: 'panoptes=c' })).toBe('p');
    expect(find({ query: 'q', cookie: 'panoptes=c' })).toBe('q');
    expect(find({ cookie: 'panoptes=c' })).toBe('c');
    expect(find({})).toBeNull();
  });

  it('does not try the next when the first is no good', () => {
    expect(find({ authorization: 'Bearer', cookie: 'panoptes=c' })).toBe('');
    expect(find({ authorization: 'Bearer a b', cookie: 'panoptes=c' })).toBe('a b');
    expect(find({ query: ['a', 'b'], cookie: 'panoptes=c' })).toBe('');
    expect(find({ query: { a: 'b' }, cookie: 'panoptes=c' })).toBe('');
    expect(find({ query: '', cookie: 'panoptes=c' })).toBe('');
  });

  it.each(['bearer t', 'BEARER t', 'Bearer   t'])('reads %s', (authorization) => {
    expect(find({ authorization })).toBe('t');
  });

  it.each(['Basic dXNlcjpwYXNz', 'Bearertoken', 'Digest a=b', ''])('passes %s over', (authorization) => {
    expect(find({ authorization, cookie: 'panoptes=c' })).toBe('c');
  });

  it.each([
    ['a=b; panoptes=c; d=e', 'c'],
    ['panoptes=first; panoptes=second', 'first'],
    ['  panoptes =  c ', 'c'],
    ['panoptes="c"', 'c'],
    ['panoptes="', '"'],
    ['panoptes=a=b', 'a=b'],
    ['panoptes=', ''],
    ['xpanoptes=c', null],
    ['panoptes', null],
    [';;;=;=;', null],
    ['', null],
  ])('finds in the cookies %j: %j', (cookie, expected) => {
    expect(find({ cookie })).toBe(expected);
  });

  it('takes the cookie from no page of another site but those the operator names', () => {
    const ask = (site: string | undefined, more: Readonly<Record<string, string>> = {}): string | null =>
      findToken(
        { headers: { cookie: 'panoptes=c', 'sec-fetch-site': site, ...more }, params: {}, query: {} },
        names,
      );
    // Other programs than browsers send no Sec-Fetch-Site, and `none` is a person’s own doing.
    for (const site of [undefined, 'same-origin', 'same-site', 'none']) expect(ask(site)).toBe('c');
    const here = 'https://app.example';
    expect(ask('cross-site', { origin: here })).toBe('c');
    expect(ask('cross-site', { referer: `${here}/watch?v=1` })).toBe('c');
    expect(ask('cross-site')).toBeNull();
    expect(ask('other')).toBeNull();
    for (const there of ['https://evil.example', 'https://app.example.evil.example', 'null', '']) {
      expect(ask('cross-site', { origin: there })).toBeNull();
      expect(ask('cross-site', { referer: there })).toBeNull();
      expect(ask('cross-site', { origin: there, referer: here })).toBeNull();
    }
    expect(ask('cross-site', { authorization: 'Bearer h' })).toBe('h');
  });

  it('never throws', () => {
    const some = fc.option(fc.string(), { nil: undefined });
    fc.assert(
      fc.property(some, some, fc.anything(), some, (authorization, path, query, cookie) => {
        expect(() => find({ authorization, path, query, cookie })).not.toThrow();
      }),
    );
  });
});
