/**
 * A small language for the types of a runtime, close to the Rust it describes:
 *
 *     type MemberId = u64
 *     struct pallet_membership::Membership { root_account: AccountId, verified: bool }
 *     struct sp_core::crypto::AccountId32([u8; 32])
 *     enum pallet_content::types::ChannelOwner { Member(MemberId), CuratorGroup(CuratorGroupId) }
 *
 * Definitions are known by the last part of their path, or by the name after `as`. An enum variant may be preceded by
 * its index. Parameters, `Record<E = Event>`, are only names in the metadata. `//` starts a comment.
 */
export interface TypeRef {
  /** The name of a definition or of something built in: `u64`, `Vec`, `[]` (array), `()` (tuple). */
  readonly name: string;
  readonly args: readonly TypeRef[];
  /** Length of an array. */
  readonly length?: number;
  /** As it was written. */
  readonly text: string;
}

export interface Field {
  readonly name: string | null;
  readonly type: TypeRef;
}

export interface Variant {
  readonly name: string;
  readonly index: number;
  readonly fields: readonly Field[];
}

export interface Param {
  readonly name: string;
  readonly type: TypeRef;
}

export type Definition =
  | { readonly kind: 'alias'; readonly type: TypeRef }
  | {
      readonly kind: 'struct';
      readonly path: string[];
      readonly params: readonly Param[];
      readonly fields: Field[];
    }
  | {
      readonly kind: 'enum';
      readonly path: string[];
      readonly params: readonly Param[];
      readonly variants: Variant[];
    };

export type Definitions = ReadonlyMap<string, Definition>;

const TOKEN = /\s+|\/\/[^\n]*|([A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*|[0-9]+|[<>(){}[\],;:=])/y;

/** Throws on the first thing that is not of the language, or on a name defined twice. */
export function parseDefinitions(source: string): Definitions {
  const tokens = tokenize(source);
  let at = 0;

  const peek = (): string | undefined => tokens[at];
  const next = (): string => {
    const token = tokens[at++];
    if (token === undefined) throw new Error('The type definitions end in the middle of one');
    return token;
  };
  const accept = (token: string): boolean => peek() === token && ++at > 0;
  const expect = (token: string): void => {
    const found = next();
    if (found !== token)
      throw new Error(`Expected "${token}" before "${tokens.slice(at - 1, at + 5).join(' ')}"`);
  };
  const list = <T>(open: string, close: string, item: () => T): T[] => {
    const items: T[] = [];
    expect(open);
    while (!accept(close)) {
      items.push(item());
      if (!accept(',')) {
        expect(close);
        break;
      }
    }
    return items;
  };

  const type = (): TypeRef => {
    if (peek() === '(') {
      const args = list('(', ')', type);
      return { name: '()', args, text: `(${args.map(({ text }) => text).join(', ')})` };
    }
    if (accept('[')) {
      const of = type();
      expect(';');
      const length = Number(next());
      expect(']');
      return { name: '[]', args: [of], length, text: `[${of.text}; ${String(length)}]` };
    }
    const name = next();
    const args = peek() === '<' ? list('<', '>', type) : [];
    return {
      name,
      args,
      text: args.length > 0 ? `${name}<${args.map(({ text }) => text).join(', ')}>` : name,
    };
  };
  const field = (): Field => {
    const name = next();
    expect(':');
    return { name, type: type() };
  };
  const fields = (): Field[] => {
    if (peek() === '{') return list('{', '}', field);
    if (peek() === '(') return list('(', ')', type).map((of) => ({ name: null, type: of }));
    return [];
  };
  let index = 0;
  const variant = (): Variant => {
    if (/^[0-9]/.test(peek() ?? '')) index = Number(next());
    return { name: next(), index: index++, fields: fields() };
  };
  const param = (): Param => {
    const name = next();
    expect('=');
    return { name, type: type() };
  };

  const definitions = new Map<string, Definition>();
  while (peek() !== undefined) {
    const keyword = next();
    const path = next().split('::');
    const params = peek() === '<' ? list('<', '>', param) : [];
    const name = accept('as') ? next() : (path.at(-1) ?? '');
    if (definitions.has(name)) throw new Error(`The type ${name} is defined twice`);
    if (keyword === 'type') {
      expect('=');
      definitions.set(name, { kind: 'alias', type: type() });
    } else if (keyword === 'struct') {
      definitions.set(name, { kind: 'struct', path, params, fields: fields() });
    } else if (keyword === 'enum') {
      index = 0;
      definitions.set(name, { kind: 'enum', path, params, variants: list('{', '}', variant) });
    } else {
      throw new Error(`A definition starts with type, struct or enum, not "${keyword}"`);
    }
  }
  return definitions;
}

/** One type, such as `BTreeMap<u64, Vec<u8>>`. */
export function parseType(source: string): TypeRef {
  const alias = parseDefinitions(`type parsed = ${source}`).get('parsed');
  if (alias?.kind !== 'alias') throw new Error(`Not one type: ${source}`);
  return alias.type;
}

function tokenize(source: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (!match) throw new Error(`Not part of a type definition: ${source.slice(from, from + 20)}`);
    if (match[1] !== undefined) tokens.push(match[1]);
  }
  return tokens;
}
