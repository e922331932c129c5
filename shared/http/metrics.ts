import type {} from '@fastify/swagger'; // `schema.hide`
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { FastifyInstance } from 'fastify';

export { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A registry with Node's metrics of this process. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** `GET /metrics` (Prometheus text format); `render`: where more than this registry is to be told. */
export function serveMetrics(
  app: FastifyInstance,
  registry = createRegistry(),
  render = (): Promise<string> => registry.metrics(),
): Registry {
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    return reply.type(registry.contentType).send(await render());
  });
  return registry;
}

/** How the values of several processes become one; the sum unless told. */
export type Aggregator = 'sum' | 'max' | 'first';

/** A gauge that is read off when somebody asks. */
export function addGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => number | Promise<number>,
  aggregator: Aggregator = 'sum',
): void {
  new Gauge({
    name,
    help,
    aggregator,
    registers: [registry],
    async collect() {
      this.set(await read());
    },
  });
}
