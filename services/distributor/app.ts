import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../shared/base/index.ts';
import {
  createServer,
  parseAddressBlocks,
  serveHealth,
  serveMetrics,
  toProblem,
  type Registry,
  type ServerOptions,
} from '../../shared/http/index.ts';
import type { Logger } from '../../shared/runtime/index.ts';
import { AccessQuery } from '../../shared/wire/index.ts';
import type { AssetParams, FactsOptions } from './access/request-facts.ts';
import { createChunkPool } from './assets/chunk-pool.ts';
import type { DistributorConfig } from './config.ts';
import type { DistributorDeps } from './deps.ts';
import { createFastPath } from './fast-path.ts';
import { limitConnections } from './limits/connections.ts';
import { createDoorman } from './limits/doorman.ts';
import { registerServing } from './metrics.ts';
import { createAccessHandlers } from './routes/access.ts';
import { createAssetSender } from './routes/asset-sender.ts';
import { createAssetHandler } from './routes/assets.ts';
import { addCors, createCors, servePreflight } from './routes/cors.ts';
import { addOpaqueRefusals } from './routes/opaque-refusals.ts';
import { createRawProblemSender } from './routes/raw-problem.ts';
import { serveStatus } from './routes/status.ts';
import { isGone } from './routes/while-there.ts';
import { createTally } from './tally.ts';

/** Room for 100 ids, with white space between them. */
const BODY_BYTES_MAX = 8 * 1024;

export interface Metrics {
  /** Of this process. */
  readonly registry: Registry;
  /** All of what `/metrics` says. */
  readonly render: () => Promise<string>;
}

/** The HTTP side of a distributor; it owns nothing but the routes. */
export function createApp(
  config: DistributorConfig,
  deps: DistributorDeps,
  metrics: Metrics,
  log: Logger,
  clock: Clock,
): FastifyInstance {
  const { trustProxy, prefix, maxAgeSec } = config;
  const cors = createCors(config.allowedOrigins);
  const tally = createTally();
  const isTrustedProxy = parseAddressBlocks(trustProxy);
  const { limits } = config;
  const rawProxies = trustProxy.length === 0 ? null : isTrustedProxy;
  const sendProblem = createRawProblemSender({ cors, tally, log });
  const turnAway = createDoorman({
    urlBytesMax: limits.urlBytesMax,
    requests: deps.requests,
    isTrustedProxy: rawProxies,
  });
  const chunks = createChunkPool(config.sendBytesMax);
  const facts: FactsOptions = {
    distributorId: config.distributorId,
    names: { cookie: config.cookie, query: config.query, cookieOrigins: config.allowedOrigins },
    countryHeader: config.countryHeader,
    isTrustedProxy,
  };
  const sender = createAssetSender(tally, chunks);
  const assets = createAssetHandler({ ...deps, sender, facts, cors, maxAgeSec, clock });
  const fastPath = createFastPath({ handle: assets, sendProblem, prefix, isTrustedProxy: rawProxies });
  const intercept: ServerOptions['intercept'] = (request, response) => {
    const problem = turnAway(request);
    if (problem === null) return fastPath.answer(request, response);
    sendProblem(request, response, problem);
    return true;
  };
  const app = createServer({
    ...{ log, bodyBytesMax: BODY_BYTES_MAX, trustProxy, limits, intercept },
    onUnparsable: (code) => {
      tally.answered(code);
    },
  });
  const connections = limitConnections(app.server, { ...limits, isTrustedProxy });
  addCors(app, cors);
  addOpaqueRefusals(app);
  app.addHook('onError', (_request, { raw }, error, done) => {
    if (!isGone(raw)) tally.answered(toProblem(error).code);
    done();
  });

  const { one, many } = createAccessHandlers({ ...deps, facts, clock });
  for (const under of ['', `${prefix}/:token`]) {
    const asset = `${under}/api/v1/assets/:id`;
    app.route<{ Params: AssetParams }>({ method: ['GET', 'HEAD'], url: asset, handler: assets });
    app.get<{ Params: AssetParams }>(`${asset}/access`, one);
    app.post(`${under}/api/v1/access`, { schema: { body: AccessQuery } }, many);
    servePreflight(app, asset, ['GET', 'HEAD']);
    servePreflight(app, `${asset}/access`, ['GET', 'HEAD']);
    servePreflight(app, `${under}/api/v1/access`, ['POST']);
  }
  serveStatus(app, { ...deps, id: config.distributorId });
  serveHealth(app, () => ({ ready: !deps.gate.isStale(), ...deps.ages() }));
  const registry = serveMetrics(app, metrics.registry, metrics.render);
  registerServing(registry, { ...deps, connections, tally, fastPath, chunks });
  return app;
}
