import { createBirpc } from 'birpc';
import { openOrCleanUp, systemClock } from '../../../shared/base/index.ts';
import { createRegistry } from '../../../shared/http/index.ts';
import { createLog, type Running } from '../../../shared/runtime/index.ts';
import { keepOpen } from '../assets/keep-open.ts';
import { createOpenFiles } from '../assets/open-files.ts';
import type { DistributorConfig } from '../config.ts';
import { serve } from '../serve.ts';
import { createDistantCache } from './distant-cache.ts';
import type { Primary, Worker } from './protocol.ts';
import { shareOf } from './share.ts';

/** One of the processes of a node that serve. When the primary is gone Node ends it at once: nobody hands it connections. */
export function startWorker(config: DistributorConfig): Promise<Running> {
  return openOrCleanUp(async (opened) => {
    const registry = createRegistry();
    const openFiles = createOpenFiles();
    const primary = createBirpc<Primary, Worker>(
      {
        removed: openFiles.delete,
        metrics: () => registry.getMetricsAsJSON(),
      },
      {
        post: (message) => void process.send?.(message, undefined, undefined, () => undefined),
        on: (listen) => void process.on('message', listen),
        // An asset may take as long as its sources do.
        timeout: -1,
      },
    );
    const cache = opened.use(keepOpen(createDistantCache({ dir: config.cacheDir, primary }), openFiles));
    const role = await primary.enter();
    const log = createLog('distributor', config.logLevel).child({ process: role.slot });
    const serving = opened.use(
      await serve(shareOf(config, role), {
        cache,
        metrics: { registry, render: () => primary.metrics() },
        listens: role.listens,
        log,
        clock: systemClock,
      }),
    );
    return { ...serving, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  });
}
