import type { FastifyInstance } from 'fastify';
import {
  addGauge,
  Counter,
  createServer,
  serveHealth,
  serveMetrics,
  type Registry,
} from '../../shared/http/index.ts';
import type { Logger } from '../../shared/runtime/index.ts';
import type { Progress } from './progress.ts';

const BODY_BYTES_MAX = 1_024;
/** Further behind than this, the tables are not worth waiting on. */
const READY_LAG_BLOCKS_MAX = 10;

export interface AppDeps {
  readonly progress: Progress;
  readonly isConnected: () => boolean;
}

/** `/health`, `/ready` and `/metrics`. */
export function createApp({ progress, isConnected }: AppDeps, log: Logger): FastifyInstance {
  const app = createServer({ log, bodyBytesMax: BODY_BYTES_MAX });
  serveHealth(app, () => {
    const { block, finalized, failure } = progress;
    const lagBlocks = finalized - block;
    const chain = isConnected();
    // A chain that is behind the tables has had its finality taken back, or its node has just begun to sync.
    const ready =
      chain && failure === null && block >= 0 && lagBlocks >= 0 && lagBlocks <= READY_LAG_BLOCKS_MAX;
    return { ready, chain, block, finalized, lagBlocks, failing: failure !== null };
  });
  addMetrics(serveMetrics(app), progress);
  return app;
}

function addMetrics(registry: Registry, progress: Progress): void {
  const addCounter = (name: string, help: string, value: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  };
  addGauge(registry, 'panoptes_indexer_block', 'Last finalized block in the tables', () => progress.block);
  addGauge(
    registry,
    'panoptes_indexer_finalized_block',
    'Newest finalized block of the chain',
    () => progress.finalized,
  );
  addGauge(registry, 'panoptes_indexer_lag_blocks', 'Finalized blocks that are not in the tables yet', () =>
    Math.max(0, progress.finalized - progress.block),
  );
  addGauge(
    registry,
    'panoptes_indexer_failing',
    'Whether blocks cannot be read or written at the moment, 1 or 0',
    () => (progress.failure === null ? 0 : 1),
  );
  addGauge(
    registry,
    'panoptes_indexer_filled_entities',
    'Entities read from storage by a first fill that is under way; they count when it is done',
    () => progress.filling?.done ?? 0,
  );
  addGauge(
    registry,
    'panoptes_indexer_left_seconds',
    'About how long the tables need to catch up; 0 once they have',
    () => progress.leftSec() ?? 0,
  );
  addCounter(
    'panoptes_indexer_undecodable_metadata_total',
    'Metadata that could not be decoded: what it would say is not known',
    () => progress.undecodable,
  );
  addCounter(
    'panoptes_indexer_blocks_total',
    'Blocks written since the start of the process',
    () => progress.blocksWritten,
  );
}
