import { PALLETS, type Pallet } from './pallets.ts';
import type { Definition, Definitions, Field } from './schema.ts';

/**
 * `next` is what an upgrade makes of the runtime: the same pallets, items, events and fields by name, and nothing where
 * it was. Pallets and events have other indexes, and records that are read everywhere begin with one more field.
 */
export type Release = 'first' | 'next';

/** What extrinsics of this chain are made of by index. */
const IN_PLACE = ['System', 'Timestamp'];
const EVENTS = [
  'ContentEvent',
  'MembersEvent',
  'WorkingGroupEvent',
  'ProjectTokenEvent',
  'CouncilEvent',
  'StorageEvent',
];
const RECORDS = [
  'ChannelRecord',
  'VideoRecord',
  'OwnedNft',
  'MembershipObject',
  'TokenAccountData',
  'GroupWorker',
  'DataObject',
];
const INDEX_MAX = 200;

export function palletsOf(release: Release): readonly Pallet[] {
  if (release === 'first') return PALLETS;
  return PALLETS.map((pallet) =>
    IN_PLACE.includes(pallet.name) ? pallet : { ...pallet, index: INDEX_MAX - pallet.index },
  );
}

export function definitionsOf(release: Release, definitions: Definitions): Definitions {
  if (release === 'first') return definitions;
  const upgraded = new Map(definitions);
  for (const name of EVENTS) upgraded.set(name, withOtherIndexes(get(definitions, name)));
  for (const name of RECORDS) upgraded.set(name, withOneMoreField(get(definitions, name)));
  return upgraded;
}

function withOtherIndexes(definition: Definition): Definition {
  if (definition.kind !== 'enum') return definition;
  const variants = definition.variants.map((variant) => ({ ...variant, index: INDEX_MAX - variant.index }));
  return { ...definition, variants: variants.reverse() };
}

function withOneMoreField(definition: Definition): Definition {
  if (definition.kind !== 'struct') return definition;
  const added: Field = { name: 'added_by_upgrade', type: { name: 'u32', args: [], text: 'u32' } };
  return { ...definition, fields: [added, ...definition.fields] };
}

function get(definitions: Definitions, name: string): Definition {
  const found = definitions.get(name);
  if (!found) throw new Error(`The type ${name} is not defined`);
  return found;
}
