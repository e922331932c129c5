import {
  BTreeMap,
  BTreeSet,
  Bool,
  Compact,
  Enum,
  HashMap,
  Null,
  Option,
  Raw,
  Struct,
  Text,
  Tuple,
  Vec,
  VecFixed,
  AbstractInt,
} from '@polkadot/types-codec';
import { ChainShapeError } from './errors.ts';

/** One variant of an enum of the runtime. */
export class Variant {
  readonly name: string;
  readonly value: Plain;

  constructor(name: string, value: Plain) {
    this.name = name;
    this.value = value;
  }
}

export type PlainRecord = { readonly [name: string]: Plain };

/**
 * A value of the chain without the classes that decoded it: integers of every width are `bigint`, raw bytes (account
 * ids and hashes too) `Uint8Array`, `None` and `Null` are `null`, records have the metadata's names in camelCase, and
 * maps keep their order.
 */
export type Plain =
  | null
  | boolean
  | bigint
  | string
  | Uint8Array
  | Variant
  | readonly Plain[]
  | ReadonlyMap<Plain, Plain>
  | PlainRecord;

/** Turns a decoded codec into plain values. Throws ChainShapeError on a kind it does not know. */
export function toPlain(codec: unknown): Plain {
  if (codec instanceof Option) return codec.isNone ? null : toPlain(codec.unwrap());
  if (codec instanceof Compact) return toPlain(codec.unwrap());
  if (codec instanceof Null) return null;
  if (codec instanceof Bool) return codec.isTrue;
  if (codec instanceof AbstractInt) return codec.toBigInt();
  if (codec instanceof Text) return codec.toString();
  if (codec instanceof Raw) return Uint8Array.from(codec);
  if (codec instanceof Enum) return new Variant(codec.type, toPlain(codec.inner));
  if (codec instanceof BTreeMap || codec instanceof HashMap) {
    return new Map([...codec].map(([key, value]) => [toPlain(key), toPlain(value)]));
  }
  if (codec instanceof BTreeSet) return [...codec].map(toPlain);
  if (isEventCodec(codec)) return eventToPlain(codec);
  if (codec instanceof Struct) {
    // Raw names such as `size_` are kept out of the way of the codec's own methods: `size` either way.
    return Object.fromEntries(
      [...codec].map(([name, value]) => [String(name).replace(/_$/, ''), toPlain(value)]),
    );
  }
  if (codec instanceof Vec || codec instanceof VecFixed || codec instanceof Tuple) return codec.map(toPlain);
  throw new ChainShapeError(`a value of the unknown kind ${describe(codec)}`);
}

const describe = (value: unknown): string =>
  typeof value === 'object' && value !== null ? value.constructor.name : typeof value;

/** The shape of polkadot-js's GenericEvent: its section and method are looked up in the metadata by index. */
interface EventCodec {
  readonly section: string;
  readonly method: string;
  readonly data: readonly unknown[] & { readonly names: readonly string[] | null };
}

const isEventCodec = (codec: unknown): codec is EventCodec =>
  codec instanceof Struct && 'section' in codec && 'method' in codec && 'data' in codec;

const eventToPlain = ({ section, method, data }: EventCodec): Plain => ({
  section,
  method,
  args: [...data].map(toPlain),
  names: data.names,
});
