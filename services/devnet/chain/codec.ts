import { Metadata, TypeRegistry } from '@polkadot/types';
import { u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsU8a, xxhashAsU8a } from '@polkadot/util-crypto';
import { createRuntimeMetadata } from './metadata/metadata.ts';
import type { Release } from './metadata/release.ts';

/** `0x` and lower-case hex digits. */
export type Hex = `0x${string}`;

/** Arguments in the order of the runtime, in any form the type registry takes; one object for named arguments. */
export interface EventSpec {
  readonly pallet: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** SCALE encoding by the metadata that is served, so that what is stored and what is described cannot differ. */
export interface Codec {
  readonly metadata: Uint8Array;
  /** Hex of the full storage key. Throws on an unknown item or a wrong number of keys. */
  storageKey(pallet: string, item: string, keys: readonly unknown[]): Hex;
  encodeItem(pallet: string, item: string, value: unknown): Uint8Array;
  /** A value of a type the metadata holds, by its expression (`Vec<u8>`, `BagId`). */
  encode(type: string, value: unknown): Uint8Array;
  /** A `RuntimeEvent`. Throws on an unknown event or a wrong number of arguments. */
  encodeEvent(event: EventSpec): Uint8Array;
}

export function createCodec(release: Release = 'first'): Codec {
  const metadata = createRuntimeMetadata(release);
  const registry = new TypeRegistry();
  registry.setMetadata(new Metadata(registry, u8aToHex(metadata.bytes)));

  const encodeType = (id: number, value: unknown): Uint8Array =>
    registry.createTypeUnsafe(registry.createLookupType(id), [value]).toU8a();
  const prefixes = new Map<string, Uint8Array>();
  const prefixOf = (pallet: string, item: string): Uint8Array => {
    const name = `${pallet}.${item}`;
    const known = prefixes.get(name);
    if (known) return known;
    const { prefix } = metadata.itemTypes(pallet, item);
    const bytes = u8aConcat(xxhashAsU8a(prefix, 128), xxhashAsU8a(item, 128));
    prefixes.set(name, bytes);
    return bytes;
  };
  /** Of each event: its pallet's index and event type, and how many arguments it has. */
  const events = new Map<string, { readonly index: number; readonly type: number; readonly arity: number }>();
  for (const pallet of metadata.pallets) {
    if (pallet.event === undefined) continue;
    const { index } = pallet;
    const type = metadata.typeId(pallet.event);
    const { def } = registry.lookup.getSiType(registry.createLookupType(type));
    for (const { name, fields } of def.asVariant.variants)
      events.set(`${pallet.name}.${name.toString()}`, { index, type, arity: fields.length });
  }

  return {
    metadata: metadata.bytes,
    storageKey: (pallet, item, keys) => {
      const types = metadata.itemTypes(pallet, item);
      if (types.keys.length !== keys.length)
        throw new Error(
          `${pallet}.${item} has ${String(types.keys.length)} keys, not ${String(keys.length)}`,
        );
      const hash =
        types.item.hasher === 'Blake2_128Concat'
          ? (bytes: Uint8Array) => blake2AsU8a(bytes, 128)
          : (bytes: Uint8Array) => xxhashAsU8a(bytes, 64);
      const hashed = types.keys.map((id, position) => {
        const encoded = encodeType(id, keys[position]);
        return u8aConcat(hash(encoded), encoded);
      });
      return u8aToHex(u8aConcat(prefixOf(pallet, item), ...hashed));
    },
    encodeItem: (pallet, item, value) => encodeType(metadata.itemTypes(pallet, item).value, value),
    encode: (type, value) => encodeType(metadata.typeId(type), value),
    encodeEvent: ({ pallet, name, args }) => {
      const event = events.get(`${pallet}.${name}`);
      if (event?.arity !== args.length)
        throw new Error(
          `${pallet}.${name} has ${String(event?.arity)} arguments, not ${String(args.length)}`,
        );
      const variant = { [name]: args.length === 1 ? args[0] : args };
      return u8aConcat(Uint8Array.of(event.index), encodeType(event.type, variant));
    },
  };
}
