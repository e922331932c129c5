import { openOrCleanUp, systemClock, type Clock } from '../../shared/base/index.ts';
import { closeServer } from '../../shared/http/index.ts';
import { createLog, type Running } from '../../shared/runtime/index.ts';
import { createApp } from './app.ts';
import type { AuthConfig } from './config.ts';
import { openDeps } from './deps.ts';

/** Starts the auth node and resolves when it listens; tests pass their own clock. */
export function startAuth(config: AuthConfig, clock: Clock = systemClock): Promise<Running> {
  return openOrCleanUp(async (opened) => {
    const log = createLog('auth', config.logLevel);
    const deps = opened.use(await openDeps(config, log, clock));
    const app = await createApp(config, deps, log);
    opened.defer(() => closeServer(app));
    const url = await app.listen({ host: config.host, port: config.port });
    return { url, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  });
}
