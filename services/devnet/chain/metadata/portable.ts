import type { Definitions, Field, Param, TypeRef } from './schema.ts';

/** A type of the portable registry (scale-info, `PortableRegistry` of metadata V14), as JSON that @polkadot/types takes. */
export interface PortableType {
  readonly id: number;
  readonly type: {
    readonly path: readonly string[];
    readonly params: readonly { readonly name: string; readonly type: number }[];
    readonly def: TypeDef;
    readonly docs: readonly string[];
  };
}

interface PortableField {
  readonly name: string | null;
  readonly type: number;
  readonly typeName: string;
  readonly docs: readonly string[];
}

type TypeDef =
  | { readonly composite: { readonly fields: readonly PortableField[] } }
  | { readonly variant: { readonly variants: readonly PortableVariant[] } }
  | { readonly sequence: { readonly type: number } }
  | { readonly array: { readonly len: number; readonly type: number } }
  | { readonly tuple: readonly number[] }
  | { readonly primitive: string }
  | { readonly compact: { readonly type: number } };

interface PortableVariant {
  readonly name: string;
  readonly fields: readonly PortableField[];
  readonly index: number;
  readonly docs: readonly string[];
}

export interface PortableBuilder {
  /** The id of a type; it and what it refers to are added on first use. Throws on an unknown name. */
  id(type: TypeRef): number;
  /** The SCALE encoding of the all-zero value: what a missing key of a Default storage item reads as. */
  zero(id: number): Uint8Array;
  readonly types: readonly PortableType[];
}

const PRIMITIVE_BYTES: Readonly<Record<string, number>> = {
  bool: 1,
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  u128: 16,
  // A string starts with its length, and so does its zero value.
  str: 1,
};

/** Wrappers that Rust's scale-info describes as a path with parameters around something simpler. */
const BOUNDED: Readonly<
  Record<string, { path: readonly string[]; inner: string; params: readonly string[] }>
> = {
  BoundedVec: { path: ['bounded_collections', 'bounded_vec', 'BoundedVec'], inner: 'Vec', params: ['T'] },
  WeakBoundedVec: {
    path: ['bounded_collections', 'weak_bounded_vec', 'WeakBoundedVec'],
    inner: 'Vec',
    params: ['T'],
  },
  BoundedBTreeMap: {
    path: ['bounded_collections', 'bounded_btree_map', 'BoundedBTreeMap'],
    inner: 'BTreeMap',
    params: ['K', 'V'],
  },
  BoundedBTreeSet: {
    path: ['bounded_collections', 'bounded_btree_set', 'BoundedBTreeSet'],
    inner: 'BTreeSet',
    params: ['T'],
  },
};

export function createPortableBuilder(definitions: Definitions): PortableBuilder {
  const types: PortableType[] = [];
  const byText = new Map<string, number>();

  const only = (type: TypeRef, position = 0): TypeRef => {
    const found = type.args[position];
    if (!found) throw new Error(`${type.text} lacks a type parameter`);
    return found;
  };
  const field = ({ name, type }: Field): PortableField => ({
    name,
    type: id(type),
    typeName: type.text,
    docs: [],
  });
  const params = (list: readonly Param[]) => list.map(({ name, type }) => ({ name, type: id(type) }));
  const unnamed = (type: TypeRef): PortableField => field({ name: null, type });

  const describe = (type: TypeRef): Omit<PortableType['type'], 'docs'> => {
    const plain = (def: TypeDef) => ({ path: [], params: [], def });
    const definition = definitions.get(type.name);
    if (definition?.kind === 'struct') {
      const { path } = definition;
      return {
        path,
        params: params(definition.params),
        def: { composite: { fields: definition.fields.map(field) } },
      };
    }
    if (definition?.kind === 'enum') {
      const variants = definition.variants.map((v) => ({ ...v, fields: v.fields.map(field), docs: [] }));
      return { path: definition.path, params: params(definition.params), def: { variant: { variants } } };
    }
    if (type.name in PRIMITIVE_BYTES) return plain({ primitive: type.name === 'str' ? 'Str' : type.name });
    const bounded = BOUNDED[type.name];
    if (bounded) {
      const inner: TypeRef = {
        ...type,
        name: bounded.inner,
        text: type.text.replace(type.name, bounded.inner),
      };
      return {
        path: bounded.path,
        params: bounded.params.map((name, position) => ({ name, type: id(only(type, position)) })),
        def: { composite: { fields: [unnamed(inner)] } },
      };
    }
    switch (type.name) {
      case 'Vec':
        return plain({ sequence: { type: id(only(type)) } });
      case '[]':
        return plain({ array: { len: type.length ?? 0, type: id(only(type)) } });
      case '()':
        return plain({ tuple: type.args.map(id) });
      case 'Compact':
        return plain({ compact: { type: id(only(type)) } });
      case 'Option': {
        const some = unnamed(only(type));
        const variants = [
          { name: 'None', fields: [], index: 0, docs: [] },
          { name: 'Some', fields: [some], index: 1, docs: [] },
        ];
        return { path: ['Option'], params: [{ name: 'T', type: some.type }], def: { variant: { variants } } };
      }
      case 'BTreeMap': {
        const [key, value] = [only(type, 0), only(type, 1)];
        const entries = { name: 'Vec', args: [{ name: '()', args: [key, value], text: '' }], text: '' };
        entries.text = `Vec<(${key.text}, ${value.text})>`;
        entries.args.forEach((tuple) => (tuple.text = `(${key.text}, ${value.text})`));
        return {
          path: ['BTreeMap'],
          params: [
            { name: 'K', type: id(key) },
            { name: 'V', type: id(value) },
          ],
          def: { composite: { fields: [unnamed(entries)] } },
        };
      }
      case 'BTreeSet': {
        const of = only(type);
        return {
          path: ['BTreeSet'],
          params: [{ name: 'T', type: id(of) }],
          def: { composite: { fields: [unnamed({ name: 'Vec', args: [of], text: `Vec<${of.text}>` })] } },
        };
      }
      default:
        throw new Error(`The type ${type.name} is not defined`);
    }
  };

  const id = (type: TypeRef): number => {
    const definition = definitions.get(type.name);
    if (definition?.kind === 'alias') return id(definition.type);
    const key = definition ? type.name : canonical(definitions, type);
    const known = byText.get(key);
    if (known !== undefined) return known;
    const described = { ...describe(type), docs: [] };
    const added = types.length;
    byText.set(key, added);
    types.push({ id: added, type: described });
    return added;
  };

  const zeros = (fields: readonly { readonly type: number }[]): Uint8Array =>
    Buffer.concat(fields.map(({ type }) => zero(type)));
  const zero = (typeId: number): Uint8Array => {
    const def = types[typeId]?.type.def;
    if (!def) throw new Error(`There is no type ${String(typeId)}`);
    if ('primitive' in def) return new Uint8Array(PRIMITIVE_BYTES[def.primitive.toLowerCase()] ?? 0);
    if ('composite' in def) return zeros(def.composite.fields);
    if ('tuple' in def) return zeros(def.tuple.map((type) => ({ type })));
    if ('array' in def) return zeros(Array.from({ length: def.array.len }, () => ({ type: def.array.type })));
    if ('variant' in def) {
      const first = def.variant.variants[0];
      return first ? Buffer.concat([Uint8Array.of(first.index), zeros(first.fields)]) : new Uint8Array();
    }
    return new Uint8Array(1); // an empty sequence, a compact 0
  };

  return { id, zero, types };
}

/** The type with every alias replaced, so that two names of one type share its id. */
function canonical(definitions: Definitions, type: TypeRef): string {
  const definition = definitions.get(type.name);
  if (definition?.kind === 'alias') return canonical(definitions, definition.type);
  const args = type.args.map((arg) => canonical(definitions, arg)).join(',');
  return `${type.name}<${args}>${String(type.length ?? '')}`;
}
