import { openOrCleanUp } from '../../shared/base/index.ts';
import type { Chain } from '../../shared/chain/index.ts';
import { closeServer } from '../../shared/http/index.ts';
import { createLog, type Running } from '../../shared/runtime/index.ts';
import { createApp } from './app.ts';
import type { IndexerConfig } from './config.ts';
import { openDeps } from './deps.ts';
import { indexBlocks } from './index-blocks.ts';
import { startReport } from './report.ts';

/**
 * Starts the indexer: it listens, waits for the chain, and resolves when it is at work. A block that is being written is
 * finished at the end.
 */
export function startIndexer(config: IndexerConfig): Promise<Running> {
  return openOrCleanUp(async (opened) => {
    const log = createLog('indexer', config.logLevel);
    const deps = opened.use(await openDeps(config, log));
    let chain: Chain | null = null;
    const app = createApp({ ...deps, isConnected: () => chain?.connected() ?? false }, log);
    opened.defer(() => closeServer(app));
    const url = await app.listen({ host: config.host, port: config.port });

    chain = opened.use(await deps.openChain());
    const report = startReport(deps.progress, log);
    opened.defer(async () => report[Symbol.dispose]());
    const ending = new AbortController();
    const indexing = indexBlocks({ ...deps, chain, startFrom: config.startFrom, log, signal: ending.signal });
    opened.defer(async () => {
      ending.abort();
      await indexing;
    });
    return { url, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  });
}
