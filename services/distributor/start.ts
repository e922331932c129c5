import { openOrCleanUp, systemClock, type Clock } from '../../shared/base/index.ts';
import { closeServer } from '../../shared/http/index.ts';
import { createLog, type Logger, type Running } from '../../shared/runtime/index.ts';
import { createApp } from './app.ts';
import type { DistributorConfig } from './config.ts';
import { openDeps } from './deps.ts';

/** For what is left to do once nobody is served any more: writing down what is known. */
const STOP_MS = 10_000;

export interface StartOptions {
  readonly clock?: Clock;
  readonly log?: Logger;
}

/**
 * Starts a distributor. It listens at once, and answers 503 about every asset until it knows the policy; resolves when
 * it does.
 */
export function startDistributor(config: DistributorConfig, options: StartOptions = {}): Promise<Running> {
  const { clock = systemClock, log = createLog('distributor', config.logLevel) } = options;
  return openOrCleanUp(async (opened) => {
    const deps = opened.use(await openDeps(config, log));
    const app = createApp(config, deps, log, clock);
    opened.defer(() => closeServer(app, config.limits.drainMsMax));
    const url = await app.listen({ host: config.host, port: config.port });
    await deps.informed;
    return {
      url,
      stopMsMax: config.limits.drainMsMax + STOP_MS,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}
