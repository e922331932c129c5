import { asList, asOption, asUtf8, field, item, type Parser } from './parse.ts';
import type { Plain } from './plain.ts';

/** Something that happened in a block. `names` are the arguments' names where the metadata has them. */
export interface ChainEvent {
  readonly section: string;
  readonly method: string;
  readonly args: readonly Plain[];
  readonly names: readonly string[] | null;
}

/** `true` for events such as `content.ChannelCreated`. */
export const isEvent = (event: ChainEvent, section: string, ...methods: readonly string[]): boolean =>
  event.section === section && methods.includes(event.method);

/**
 * An argument of an event by position, read by `parse`. Throws ChainShapeError naming the event.
 * Example: `arg(event, 0, asId)` is the channel of `content.ChannelCreated`.
 */
export function arg<T>(event: ChainEvent, position: number, parse: Parser<T>): T {
  return item(event.args, position, parse);
}

/** The events of a block out of the plain form of `system.events`. */
export const asEvents: Parser<readonly ChainEvent[]> = asList((record) =>
  field(record, 'event', (event) => ({
    section: field(event, 'section', asUtf8),
    method: field(event, 'method', asUtf8),
    args: field(
      event,
      'args',
      asList((value) => value),
    ),
    names: field(event, 'names', asOption(asList(asUtf8))),
  })),
);
