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
    const ready = chain && failure === null && block >= 0 && lagBlocks <= READY_LAG_BLOCKS_MAX;
    return { ready, chain, block, finalized, lagBlocks, failing: failure !== null };
  });
  addMetrics(serveMetrics(app), progress);
  return app;
}

function addMetrics(registry: Registry, progress: Progress): void {
  const registers = [registry];
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
  new Counter({
    name: 'panoptes_indexer_blocks_total',
    help: 'Blocks written since the start of the process',
    registers,
    collect() {
      this.reset();
      this.inc(progress.blocksWritten);
    },
  });
}
