import { asBytes, asOption, field, type ChainEvent, type Plain } from '../../../shared/chain/index.ts';
import type { ContentFacts } from '../facts.ts';
import type { Described } from '../metadata.ts';
import type { EventContext } from './handler.ts';

export interface Description {
  readonly event: ChainEvent;
  /** The event's parameters, and the name of the metadata in them. */
  readonly params: Plain;
  readonly name: 'meta' | 'newMeta';
  /** Data objects uploaded with it, in order. */
  readonly objects: readonly string[];
  readonly decode: (bytes: Uint8Array) => Described | null;
}

/**
 * Notes what metadata says. Something new is public only if its metadata says so, as the network's query nodes have
 * it; in an update what is not said stays. What cannot be decoded says nothing: it is the author's mistake, and never
 * stops the indexer.
 */
export function noteDescription(
  facts: ContentFacts,
  { event, params, name, objects, decode }: Description,
  { log, facts: block }: EventContext,
): void {
  const isNew = name === 'meta';
  const bytes = field(params, name, asOption(asBytes));
  if (bytes === null) {
    if (isNew) facts.isPublic = false;
    return;
  }
  const described = decode(bytes);
  if (!described) {
    block.undecodable += 1;
    log.warn({ event: event.method, objects }, 'metadata that cannot be decoded');
    if (isNew) facts.isPublic = false;
    return;
  }
  const isPublic = described.isPublic ?? (isNew ? false : undefined);
  if (isPublic !== undefined) facts.isPublic = isPublic;
  for (const { position, kind } of described.kinds) {
    const object = objects[position];
    if (object !== undefined) facts.kinds.set(object, kind);
  }
}
