import { openOrCleanUp } from '../../shared/base/index.ts';
import { closeServer } from '../../shared/http/index.ts';
import { createLog, type Running } from '../../shared/runtime/index.ts';
import { createApp } from './app.ts';
import type { IndexerConfig } from './config.ts';
import { openDeps } from './deps.ts';
import { indexBlocks } from './index-blocks.ts';
import { startReport } from './report.ts';

/** Starts the indexer; resolves when it listens and is at work. A block that is being written is finished at the end. */
export function startIndexer(config: IndexerConfig): Promise<Running> {
  return openOrCleanUp(async (opened) => {
    const log = createLog('indexer', config.logLevel);
    const deps = opened.use(await openDeps(config, log));
    const app = createApp({ ...deps, isConnected: () => deps.chain.connected() }, log);
    opened.defer(() => closeServer(app));
    const url = await app.listen({ host: config.host, port: config.port });

    const report = startReport(deps.progress, log);
    opened.defer(async () => report[Symbol.dispose]());
    const ending = new AbortController();
    const indexing = indexBlocks({ ...deps, startFrom: config.startFrom, log, signal: ending.signal });
    opened.defer(async () => {
      ending.abort();
      await indexing;
    });
    return { url, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  });
}
