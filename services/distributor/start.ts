import { openOrCleanUp, systemClock, type Clock } from '../../shared/base/index.ts';
import { createRegistry, Registry } from '../../shared/http/index.ts';
import { createLog, type Logger, type Running } from '../../shared/runtime/index.ts';
import { keepOpen } from './assets/keep-open.ts';
import { createOpenFiles } from './assets/open-files.ts';
import type { DistributorConfig } from './config.ts';
import { createNodeRegistry } from './metrics.ts';
import { openCache } from './open-cache.ts';
import { serve } from './serve.ts';

export interface StartOptions {
  readonly clock?: Clock;
  readonly log?: Logger;
}

/**
 * Starts a distributor that is one process. It listens at once, and answers 503 about every asset until it knows the
 * policy; resolves when it does.
 */
export function startDistributor(config: DistributorConfig, options: StartOptions = {}): Promise<Running> {
  const { clock = systemClock, log = createLog('distributor', config.logLevel) } = options;
  return openOrCleanUp(async (opened) => {
    const openFiles = createOpenFiles();
    const cache = opened.use(keepOpen(await openCache(config, log, openFiles.delete), openFiles));
    const registry = createRegistry();
    const all = [registry, createNodeRegistry(cache, config.limits)];
    const metrics = { registry, render: () => Registry.merge(all).metrics() };
    const serving = opened.use(await serve(config, { cache, metrics, listens: 'started', log, clock }));
    return { ...serving, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  });
}
