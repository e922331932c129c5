import type { ChainEvent, ChainView } from '../../../shared/chain/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import type { BlockFacts } from '../facts.ts';

export interface EventContext {
  readonly facts: BlockFacts;
  /** The state before the block. */
  readonly parent: ChainView;
  readonly log: Logger;
}

/** Notes in `facts` what an event says. Throws ChainShapeError on an event of another shape. */
export type EventHandler = (event: ChainEvent, context: EventContext) => void | Promise<void>;

/** By `section.method`. */
export type EventHandlers = Readonly<Record<string, EventHandler>>;
