export { serveHealth, type Readiness } from './health.ts';
export { Counter, Gauge, Histogram, serveMetrics, type Registry } from './metrics.ts';
export { createServer, sendProblem, toProblem, type ServerOptions } from './server.ts';
