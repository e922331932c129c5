import { Metadata, TypeRegistry } from '@polkadot/types';
import type { PortableType, SiField } from '@polkadot/types/interfaces';
import type { HexString } from '@polkadot/util/types';

/**
 * A runtime's storage and events in lines of text, each true by itself: items with prefix, hashers, modifier, key and
 * value; events with the types of their arguments; and every type that those name, with its fields in order. Numbers of
 * events are left out: they differ between versions of a runtime, and nothing here goes by them.
 */
export interface Layout {
  /** By `content.channelById`, `content.ChannelCreated`. */
  readonly items: ReadonlyMap<string, Described>;
  readonly events: ReadonlyMap<string, Described>;
}

export interface Described {
  readonly line: string;
  /** Lines of the types in it, and in those. */
  readonly types: ReadonlySet<string>;
}

/** Types that are a way to write another: spelled out where they stand. */
const WRAPPERS = /(?:^|::)(?:Option|Result|BTreeMap|BTreeSet|(?:Weak)?Bounded\w+)$/;

export function describeLayout(metadata: HexString): Layout {
  const registry = new TypeRegistry();
  const { lookup, pallets } = new Metadata(registry, metadata).asLatest;
  const types = new Map<number, PortableType>(lookup.types.map((type) => [type.id.toNumber(), type]));

  const describe = (line: (name: (id: number) => string) => string): Described => {
    const found = new Set<string>();
    const visited = new Set<number>();
    const fields = (of: readonly SiField[]): string =>
      of
        .map(
          ({ name, type }) =>
            `${name.isSome ? `${name.unwrap().toString()}: ` : ''}${nameOf(type.toNumber())}`,
        )
        .join(', ');
    const nameOf = (id: number): string => {
      const { path, def } = types.get(id)!.type;
      const name = path.map(String).join('::');
      if (name === '' || WRAPPERS.test(name)) return `${name}${spell(def)}`;
      if (!visited.has(id)) {
        visited.add(id);
        found.add(`${name} = ${spell(def)}`);
      }
      return name;
    };
    const spell = (def: PortableType['type']['def']): string => {
      if (def.isComposite) return `{${fields(def.asComposite.fields)}}`;
      if (def.isVariant)
        return `[${def.asVariant.variants
          .map(({ index, name, fields: of }) => `${index.toString()} ${name.toString()}(${fields(of)})`)
          .join(' | ')}]`;
      if (def.isSequence) return `Vec<${nameOf(def.asSequence.type.toNumber())}>`;
      if (def.isArray) return `[${nameOf(def.asArray.type.toNumber())}; ${def.asArray.len.toString()}]`;
      if (def.isTuple) return `(${def.asTuple.map((type) => nameOf(type.toNumber())).join(', ')})`;
      if (def.isPrimitive) return def.asPrimitive.type.toLowerCase();
      if (def.isCompact) return `Compact<${nameOf(def.asCompact.type.toNumber())}>`;
      return def.type;
    };
    return { line: line(nameOf), types: found };
  };

  const items = new Map<string, Described>();
  const events = new Map<string, Described>();
  for (const pallet of pallets) {
    const section = lowerFirst(pallet.name.toString());
    if (pallet.storage.isSome) {
      const { prefix, items: entries } = pallet.storage.unwrap();
      for (const { name, modifier, type } of entries) {
        const key = `${section}.${lowerFirst(name.toString())}`;
        const described = describe((nameOf) => {
          const value = nameOf((type.isPlain ? type.asPlain : type.asMap.value).toNumber());
          const keys = type.isPlain
            ? ''
            : `${type.asMap.hashers.map(({ type: hasher }) => hasher).join(', ')} ${nameOf(type.asMap.key.toNumber())} => `;
          return `item ${key} at ${prefix.toString()}.${name.toString()}, ${modifier.type}: ${keys}${value}`;
        });
        items.set(key, described);
      }
    }
    if (pallet.events.isSome) {
      const { def } = types.get(pallet.events.unwrap().type.toNumber())!.type;
      for (const { name, fields } of def.asVariant.variants) {
        const key = `${section}.${name.toString()}`;
        events.set(
          key,
          describe(
            (nameOf) => `event ${key}(${fields.map(({ type }) => nameOf(type.toNumber())).join(', ')})`,
          ),
        );
      }
    }
  }
  return { items, events };
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
