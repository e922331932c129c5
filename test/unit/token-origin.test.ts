import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileOrigins, findOrigin, isOrigin } from '../../shared/token/index.ts';

describe('the origin of an URL', () => {
  const label = fc.constantFrom('a', 'b', 'app', 'example', 'x-y');
  const host = fc.oneof(
    fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.')),
    fc.constantFrom('[::1]', '127.0.0.1', 'LOCALHOST', 'user:pw@a.example'),
  );
  const url = fc
    .tuple(
      fc.constantFrom('http', 'https'),
      host,
      fc.constantFrom('', ':80', ':443', ':8080'),
      fc.constantFrom('', '/', '?q=//b', '#a@b', '\\a', '/a:1@b/c?d'),
    )
    .map(([scheme, name, port, rest]) => `${scheme}://${name}${port}${rest}`);

  it('is what the URL standard says', () => {
    fc.assert(
      fc.property(url, (text) => {
        expect(findOrigin(text)).toBe(new URL(text).origin);
      }),
    );
  });

  it('is one of those listed exactly when a plain reading says so', () => {
    const pattern = fc.oneof(
      fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => `*.${labels.join('.')}`),
      url.map((text) => new URL(text).origin),
    );
    fc.assert(
      fc.property(url, fc.array(pattern, { maxLength: 6 }), (text, patterns) => {
        const { origin, hostname } = new URL(text);
        const plainly = patterns.some((one) =>
          one.startsWith('*') ? hostname.endsWith(one.slice(1)) : one === origin,
        );
        expect(compileOrigins(patterns)(origin)).toBe(plainly);
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not depend on how long the rest is, and is none when it is longer than a name can be', () => {
    const origin = `https://${'a.'.repeat(120)}example`;
    expect(findOrigin(`${origin}/${'p'.repeat(8_000)}`)).toBe(origin);
    expect(findOrigin(`https://${'a.'.repeat(4_000)}example`)).toBeNull();
    expect(isOrigin(`https://${'a.'.repeat(4_000)}example`)).toBe(false);
    expect(findOrigin('')).toBeNull();
    expect(findOrigin('null')).toBeNull();
  });
});
