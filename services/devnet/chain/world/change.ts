import { u8aToHex } from '@polkadot/util';
import { Problem } from '../../../../shared/wire/index.ts';
import type { Codec, Hex } from '../codec.ts';
import type { IdItem, Item } from './items.ts';

/** What an operation works with: the state as it changes, and the events it causes. */
export interface Change {
  /** The block that will hold the change. */
  readonly block: number;
  find<K extends readonly unknown[], V>(item: Item<K, V>, ...keys: K): V | null;
  /** Throws `not_found`, naming what there is none of. */
  get<K extends readonly unknown[], V>(what: string, item: Item<K, V>, ...keys: K): V;
  put<K extends readonly unknown[], V>(item: Item<K, V>, keys: K, value: V): void;
  remove<K extends readonly unknown[], V>(item: Item<K, V>, ...keys: K): void;
  /** The counter's value, and one more for the next. */
  takeId(item: IdItem): number;
  emit(pallet: string, name: string, ...args: readonly unknown[]): void;
}

export type Read = Pick<Change, 'find' | 'get'>;

/** What one step of a change did. */
export interface Step<R> {
  readonly result: R;
  /** Each a `RuntimeEvent`. */
  readonly events: readonly Uint8Array[];
}

export interface Changed<R> {
  readonly steps: readonly Step<R>[];
  readonly delta: ReadonlyMap<Hex, Hex | null>;
}

/** The world's state as JavaScript values, beside their encoding in the ledger. */
export interface WorldState {
  read<R>(work: (state: Read) => R): R;
  /** Runs the steps on a copy of the state, which replaces it only if all of them return. */
  change<R>(block: number, steps: readonly ((change: Change) => R)[]): Changed<R>;
  /** Encodes everything anew, as the runtime in force has it. */
  migrate(): ReadonlyMap<Hex, Hex | null>;
}

interface Slot {
  readonly value: unknown;
  readonly encoded: Hex | null;
  /** Whose value it is; of an absent one it does not matter. */
  readonly item?: { readonly pallet: string; readonly name: string };
}
const ABSENT: Slot = { value: null, encoded: null };

export function createWorldState(codec: Codec): WorldState {
  const slots = new Map<Hex, Slot>();
  return {
    read: (work) => work(readFrom(codec, (key) => slots.get(key))),
    change: (block, steps) => {
      const written = new Map<Hex, Slot>();
      const read = readFrom(codec, (key) => written.get(key) ?? slots.get(key));
      const done = steps.map((step) => {
        const events: Uint8Array[] = [];
        return { result: step({ block, ...read, ...writeTo(codec, read, written, events) }), events };
      });
      const delta = new Map<Hex, Hex | null>();
      for (const [key, slot] of written) {
        if (slot.encoded !== (slots.get(key)?.encoded ?? null)) delta.set(key, slot.encoded);
        if (slot.encoded === null) slots.delete(key);
        else slots.set(key, slot);
      }
      return { steps: done, delta };
    },
    migrate: () => {
      const delta = new Map<Hex, Hex | null>();
      for (const [key, slot] of slots) {
        if (!slot.item) continue;
        const encoded = u8aToHex(codec.encodeItem(slot.item.pallet, slot.item.name, slot.value));
        if (encoded !== slot.encoded) delta.set(key, encoded);
        slots.set(key, { ...slot, encoded });
      }
      return delta;
    },
  };
}

function readFrom(codec: Codec, slotAt: (key: Hex) => Slot | undefined): Read {
  // The one place where the types of an item meet the untyped slots: put wrote what find reads.
  const find = <K extends readonly unknown[], V>(item: Item<K, V>, ...keys: K): V | null =>
    (slotAt(codec.storageKey(item.pallet, item.name, keys)) ?? ABSENT).value as V | null;
  return {
    find,
    get: (what, item, ...keys) => {
      const value = find(item, ...keys);
      if (value === null)
        throw new Problem('not_found', `There is no ${what} ${keys.map(String).join(', ')}`);
      return value;
    },
  };
}

function writeTo(
  codec: Codec,
  { find }: Read,
  written: Map<Hex, Slot>,
  events: Uint8Array[],
): Omit<Change, keyof Read | 'block'> {
  const put = <K extends readonly unknown[], V>(item: Item<K, V>, keys: K, value: V): void => {
    const encoded = u8aToHex(codec.encodeItem(item.pallet, item.name, value));
    written.set(codec.storageKey(item.pallet, item.name, keys), { value, encoded, item });
  };
  return {
    put,
    remove: (item, ...keys) => {
      written.set(codec.storageKey(item.pallet, item.name, keys), ABSENT);
    },
    takeId: (item) => {
      const id = find(item) ?? 0;
      put(item, [], id + 1);
      return id;
    },
    emit: (pallet, name, ...args) => {
      events.push(codec.encodeEvent({ pallet, name, args }));
    },
  };
}
