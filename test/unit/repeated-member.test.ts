import fc from 'fast-check';
import { expect, it } from 'vitest';
import { repeatsMember } from '../../shared/base/index.ts';

it.each([
  ['{"a":1,"a":2}', true],
  ['{"a":1,"b":{"a":2}}', false],
  ['[{"a":1},{"a":2}]', false],
  ['{"b":[{"a":1,"c":{},"a":[]}]}', true],
  ['{"a":1,"\\u0061":2}', true],
  ['{"a":"a","b":"\\"a\\":1,\\"a\\":"}', false],
  ['{"":1,"":2}', true],
  ['{"__proto__":1,"constructor":2}', false],
  ['{"a\\\\":1,"a":2}', false],
  ['"a"', false],
  ['null', false],
])('%s: %s', (json, repeated) => {
  expect(repeatsMember(json)).toBe(repeated);
});

it('no value that was put into JSON repeats a member, and any does that is put beside itself', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.nat(2), (value, name, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(repeatsMember(text)).toBe(false);
      const member = `${JSON.stringify(name)}: ${text}`;
      expect(repeatsMember(`[{${member}}, {"other": [], ${member}}]`)).toBe(name === 'other');
      expect(repeatsMember(`[1, {${member}, "${name === 'x' ? 'y' : 'x'}": {}, ${member}}]`)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
