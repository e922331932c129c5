import { describe, expect, test } from 'vitest';
import { createCodec } from '../../services/devnet/chain/codec.ts';
import { createPortableBuilder } from '../../services/devnet/chain/metadata/portable.ts';
import { parseDefinitions, parseType } from '../../services/devnet/chain/metadata/schema.ts';

const zeroOf = (definitions: string, type: string): string => {
  const builder = createPortableBuilder(parseDefinitions(definitions));
  return Buffer.from(builder.zero(builder.id(parseType(type)))).toString('hex');
};

describe('the language of types', () => {
  test('reads structs, enums with and without indexes, aliases and comments', () => {
    const definitions = parseDefinitions(`
      type Id = u64 // an alias
      struct a::b::Named { one: Id, two: Vec<(Id, [u8; 4])>, }
      struct a::Unnamed(u8, bool) enum a::Choice<T = Id> as Other { A, 7 B(u8), C { x: Id } }
    `);
    expect([...definitions.keys()]).toEqual(['Id', 'Named', 'Unnamed', 'Other']);
    expect(definitions.get('Other')).toMatchObject({
      path: ['a', 'Choice'],
      params: [{ name: 'T' }],
      variants: [
        { name: 'A', index: 0, fields: [] },
        { name: 'B', index: 7, fields: [{ name: null }] },
        { name: 'C', index: 8, fields: [{ name: 'x' }] },
      ],
    });
    expect(definitions.get('Named')).toMatchObject({
      fields: [{}, { type: { text: 'Vec<(Id, [u8; 4])>' } }],
    });
  });

  test.each([
    ['an unknown kind', 'union a::B { }'],
    ['an open struct', 'struct a::B { x: u8'],
    ['a field without a type', 'struct a::B { x }'],
    ['a sign it does not have', 'struct a::B { x: u8? }'],
    ['two of one name', 'struct a::B struct c::B'],
    ['a missing comma', 'enum a::B { C D }'],
  ])('refuses %s', (_what, source) => {
    expect(() => parseDefinitions(source)).toThrow();
  });

  test('refuses a type nobody defined', () => {
    const builder = createPortableBuilder(parseDefinitions('struct a::B { x: Nowhere }'));
    expect(() => builder.id(parseType('B'))).toThrow(/Nowhere/);
  });

  test('gives one id to what is one type under two names', () => {
    const builder = createPortableBuilder(parseDefinitions('type A = u64 type B = A'));
    expect(builder.id(parseType('Vec<A>'))).toBe(builder.id(parseType('Vec<B>')));
    expect(builder.id(parseType('Vec<u32>'))).not.toBe(builder.id(parseType('Vec<A>')));
    expect(builder.id(parseType('[u8; 4]'))).not.toBe(builder.id(parseType('[u8; 5]')));
  });

  test.each([
    ['u64', '0000000000000000'],
    ['(u8, bool, u16)', '00000000'],
    ['[u16; 2]', '00000000'],
    ['Vec<u64>', '00'],
    ['Option<u64>', '00'],
    ['BTreeMap<u64, u8>', '00'],
    ['BoundedBTreeSet<u64>', '00'],
    ['Compact<u128>', '00'],
    ['str', '00'],
    ['Choice', '030000'],
    ['Both', '0003000000'],
  ])('the zero of %s is %s', (type, zero) => {
    expect(
      zeroOf('enum a::Choice { 3 A(u16), 0 B } struct a::Both { x: u8, y: Choice, z: Option<Choice> }', type),
    ).toBe(zero);
  });
});

describe('the codec', () => {
  const codec = createCodec();
  test.each([
    ['an unknown item', () => codec.storageKey('Content', 'Nothing', [])],
    ['a key too few', () => codec.storageKey('Content', 'ChannelById', [])],
    ['a key too many', () => codec.storageKey('Content', 'NextChannelId', [1])],
    ['an unknown event', () => codec.encodeEvent({ pallet: 'Content', name: 'Nothing', args: [] })],
    [
      'an event of another pallet',
      () => codec.encodeEvent({ pallet: 'Members', name: 'VideoDeleted', args: [1, 2] }),
    ],
    ['an argument too few', () => codec.encodeEvent({ pallet: 'Content', name: 'OfferAccepted', args: [] })],
    ['a type the metadata lacks', () => codec.encode('Vec<Vec<Vec<u16>>>', [])],
    ['a value below zero', () => codec.encodeItem('Content', 'NextChannelId', -1)],
  ])('refuses %s', (_what, attempt) => {
    expect(attempt).toThrow();
  });
});
