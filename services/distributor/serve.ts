import { openOrCleanUp, type Clock } from '../../shared/base/index.ts';
import { closeServer } from '../../shared/http/index.ts';
import type { Logger, Running } from '../../shared/runtime/index.ts';
import { createApp, type Metrics } from './app.ts';
import type { AssetCache } from './assets/asset-cache.ts';
import type { DistributorConfig } from './config.ts';
import { openDeps } from './deps.ts';

/** For what is left to do once nobody is served any more: writing down what is known. */
export const STOP_MS = 10_000;

export interface ServeOptions {
  /** Stays the caller's. */
  readonly cache: AssetCache;
  readonly metrics: Metrics;
  /** `started`: at once, with 503 for every asset until the policy is known; `informed`: not before it is. */
  readonly listens: 'started' | 'informed';
  readonly log: Logger;
  readonly clock: Clock;
}

/** Knows the policy and serves by it: all of a distributor but the cache. Resolves when it knows and listens. */
export function serve(config: DistributorConfig, options: ServeOptions): Promise<Running> {
  const { cache, metrics, listens, log, clock } = options;
  return openOrCleanUp(async (opened) => {
    const deps = opened.use(await openDeps(config, cache, log));
    const app = createApp(config, deps, metrics, log, clock);
    opened.defer(() => closeServer(app, config.limits.drainMsMax));
    if (listens === 'informed') await deps.informed;
    const url = await app.listen({ host: config.host, port: config.port });
    await deps.informed;
    return {
      url,
      stopMsMax: config.limits.drainMsMax + STOP_MS,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}
