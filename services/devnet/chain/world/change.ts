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

/** The world's state as JavaScript values, beside their encoding in the ledger. */
export interface WorldState {
  /** Runs `work` on a copy; what it changed stays only if it returns. Events are those of each `step`. */
  change<T>(block: number, work: (step: <R>(run: (change: Change) => R) => Step<R>) => T): Changed<T>;
}

export interface Step<R> {
  readonly result: R;
  /** Each a `RuntimeEvent`. */
  readonly events: readonly Uint8Array[];
}

export interface Changed<T> {
  readonly result: T;
  readonly delta: ReadonlyMap<Hex, Hex | null>;
}

interface Slot {
  readonly value: unknown;
  readonly encoded: Hex | null;
}
const ABSENT: Slot = { value: null, encoded: null };

export function createWorldState(codec: Codec): WorldState {
  const slots = new Map<Hex, Slot>();

  const change = <T>(
    block: number,
    work: (step: <R>(run: (change: Change) => R) => Step<R>) => T,
  ): Changed<T> => {
    const written = new Map<Hex, Slot>();
    const slotOf = (item: Item<readonly unknown[], unknown>, keys: readonly unknown[]): Slot => {
      const key = codec.storageKey(item.pallet, item.name, keys);
      return written.get(key) ?? slots.get(key) ?? ABSENT;
    };
    // The one place where the types of an item meet the untyped slots: put wrote what find reads.
    const find = <K extends readonly unknown[], V>(item: Item<K, V>, ...keys: K): V | null =>
      slotOf(item as Item<readonly unknown[], unknown>, keys).value as V | null;
    const put = <K extends readonly unknown[], V>(item: Item<K, V>, keys: K, value: V): void => {
      const encoded = u8aToHex(codec.encodeItem(item.pallet, item.name, value));
      written.set(codec.storageKey(item.pallet, item.name, keys), { value, encoded });
    };
    const step = <R>(run: (change: Change) => R): Step<R> => {
      const events: Uint8Array[] = [];
      const result = run({
        block,
        find,
        get: (what, item, ...keys) => {
          const value = find(item, ...keys);
          if (value === null)
            throw new Problem('not_found', `There is no ${what} ${keys.map(String).join(', ')}`);
          return value;
        },
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
      });
      return { result, events };
    };

    const result = work(step);
    const delta = new Map<Hex, Hex | null>();
    for (const [key, slot] of written) {
      if (slot.encoded !== (slots.get(key)?.encoded ?? null)) delta.set(key, slot.encoded);
      if (slot.encoded === null) slots.delete(key);
      else slots.set(key, slot);
    }
    return { result, delta };
  };
  return { change };
}
