import { TypeRegistry } from '@polkadot/types';
import { u8aToHex } from '@polkadot/util';
import type { Pallet, StorageItem } from './pallets.ts';
import { createPortableBuilder, type PortableBuilder } from './portable.ts';
import { definitionsOf, palletsOf, type Release } from './release.ts';
import { parseDefinitions, parseType } from './schema.ts';
import { CONTENT_TYPES } from './types/content.ts';
import { FRAME_TYPES } from './types/frame.ts';
import { PEOPLE_TYPES } from './types/people.ts';
import { PROJECT_TOKEN_TYPES } from './types/project-token.ts';
import { STORAGE_TYPES } from './types/storage.ts';

/** `meta`, little endian, and the version: what metadata bytes start with. */
const MAGIC_V14 = Uint8Array.of(0x6d, 0x65, 0x74, 0x61, 14);

const SIGNED_EXTENSIONS: readonly (readonly [identifier: string, additionalSigned: string])[] = [
  ['CheckNonZeroSender', '()'],
  ['CheckSpecVersion', 'u32'],
  ['CheckTxVersion', 'u32'],
  ['CheckGenesis', 'H256'],
  ['CheckMortality', 'H256'],
  ['CheckNonce', '()'],
  ['CheckWeight', '()'],
  ['ChargeTransactionPayment', '()'],
];

/** Where a storage item's keys and values are in the type registry. */
export interface ItemTypes {
  readonly item: StorageItem;
  readonly prefix: string;
  readonly keys: readonly number[];
  readonly value: number;
}

export interface RuntimeMetadata {
  /** V14, SCALE-encoded. */
  readonly bytes: Uint8Array;
  readonly pallets: readonly Pallet[];
  /** Throws on an unknown name. */
  itemTypes(pallet: string, item: string): ItemTypes;
  /** The id of a type, by its expression. Throws on one the metadata does not hold. */
  typeId(type: string): number;
}

/** Describes the runtime as metadata V14 (frame-metadata `RuntimeMetadataV14`). */
export function createRuntimeMetadata(release: Release = 'first'): RuntimeMetadata {
  const pallets = palletsOf(release);
  const sources = [FRAME_TYPES, PEOPLE_TYPES, CONTENT_TYPES, STORAGE_TYPES, PROJECT_TOKEN_TYPES];
  const definitions = definitionsOf(release, parseDefinitions([...sources, outerEnums(pallets)].join('\n')));
  const builder = createPortableBuilder(definitions);
  const typeId = (type: string): number => builder.id(parseType(type));
  const items = new Map<string, ItemTypes>();
  for (const pallet of pallets) {
    for (const [name, item] of Object.entries(pallet.storage)) {
      items.set(`${pallet.name}.${name}`, {
        item,
        prefix: pallet.prefix,
        keys: item.keys.map(typeId),
        value: typeId(item.value),
      });
    }
  }
  const itemTypes = (pallet: string, item: string): ItemTypes => {
    const found = items.get(`${pallet}.${item}`);
    if (!found) throw new Error(`There is no storage item ${pallet}.${item}`);
    return found;
  };

  const described = {
    pallets: pallets.map((pallet) => describePallet(pallet, builder, typeId, itemTypes)),
    extrinsic: {
      type: typeId('UncheckedExtrinsic'),
      version: 4,
      signedExtensions: SIGNED_EXTENSIONS.map(([identifier, additionalSigned]) => ({
        identifier,
        type: typeId(identifier),
        additionalSigned: typeId(additionalSigned),
      })),
    },
    type: typeId('Runtime'),
  };
  const lookup = { types: builder.types };
  const body = new TypeRegistry().createTypeUnsafe('MetadataV14', [{ lookup, ...described }]).toU8a();
  const size = builder.types.length;
  return {
    bytes: Buffer.concat([MAGIC_V14, body]),
    pallets,
    itemTypes,
    typeId: (type) => {
      const id = typeId(type);
      if (id >= size) throw new Error(`The metadata does not hold the type ${type}`);
      return id;
    },
  };
}

/** The runtime's own enums over its pallets. */
function outerEnums(pallets: readonly Pallet[]): string {
  const variants = (part: 'event' | 'call'): string =>
    pallets
      .flatMap((pallet) => {
        const type = pallet[part];
        return type === undefined ? [] : [`${String(pallet.index)} ${pallet.name}(${type})`];
      })
      .join(', ');
  return `
    enum joystream_node_runtime::RuntimeEvent { ${variants('event')} }
    enum joystream_node_runtime::RuntimeCall { ${variants('call')} }
  `;
}

function describePallet(
  pallet: Pallet,
  builder: PortableBuilder,
  typeId: (type: string) => number,
  itemTypes: (pallet: string, item: string) => ItemTypes,
): unknown {
  return {
    name: pallet.name,
    index: pallet.index,
    storage: {
      prefix: pallet.prefix,
      items: Object.entries(pallet.storage).map(([name, item]) => {
        const types = itemTypes(pallet.name, name);
        const zero = item.modifier === 'Optional' ? '0x00' : u8aToHex(builder.zero(types.value));
        return {
          name,
          modifier: item.modifier,
          type:
            item.keys.length === 0
              ? { Plain: types.value }
              : {
                  Map: {
                    hashers: item.keys.map(() => item.hasher),
                    key: item.keys.length === 1 ? types.keys[0] : typeId(`(${item.keys.join(', ')})`),
                    value: types.value,
                  },
                },
          fallback: item.fallback ?? zero,
          docs: [],
        };
      }),
    },
    calls: pallet.call === undefined ? null : { type: typeId(pallet.call) },
    events: pallet.event === undefined ? null : { type: typeId(pallet.event) },
    constants: Object.entries(pallet.constants ?? {}).map(([name, constant]) => ({
      name,
      type: typeId(constant.type),
      value: constant.value,
      docs: [],
    })),
    errors: null,
  };
}
