export { asAddressBlock, parseAddressBlocks, type AddressBlocks } from './address-blocks.ts';
export { AddressBudget, networkOf } from './address-budget.ts';
export { serveHealth, type Readiness } from './health.ts';
export {
  addGauge,
  AggregatorRegistry,
  Counter,
  createRegistry,
  Gauge,
  Histogram,
  Registry,
  serveMetrics,
} from './metrics.ts';
export { refuseRepeatedMembers } from './plain-json.ts';
export { sendProblem, toProblem } from './problems.ts';
export { closeServer, createServer, PARAM_CHARS_MAX, type ServerOptions } from './server.ts';
