import { asInteger, type Env } from '../../../shared/runtime/index.ts';

/** What clients may take of a node. Each is a setting of this name in capitals, and is in `/metrics` with its use. */
export interface Limits {
  /** Connections, all together. */
  readonly connectionsMax: number;
  /** Connections from one address; 0: no limit. Trusted proxies have none. */
  readonly connectionsPerAddressMax: number;
  /** Request line and header fields together. */
  readonly headerBytesMax: number;
  readonly urlBytesMax: number;
  /** How long a request's head, and all of it, may take to arrive. */
  readonly headersMsMax: number;
  readonly requestMsMax: number;
  /**
   * How long a connection may make no progress in either direction: clients that do not read, connections without a
   * request. Longer than what is in front of a node keeps them, as a rule a minute.
   */
  readonly idleMsMax: number;
  /** Requests of one address for good; 0: no limit. Ten seconds' worth of them may come at once. */
  readonly requestsPerSecMax: number;
  /** Tokens of one address that prove to be none; 0: no limit. Beyond it new tokens from there are not looked at. */
  readonly failedTokensPerSecMax: number;
  /** Of one core, what checking the signatures of new tokens may take for good. */
  readonly signaturePercentMax: number;
  /** Requests that may wait for such a check. */
  readonly signaturesWaitingMax: number;
  /** How long what is running may go on when the node stops. */
  readonly drainMsMax: number;
}

export const readLimits = (env: Env): Limits => {
  const number = (name: string, min: number, max: number, otherwise: number): number =>
    env.get(name, asInteger(min, max), otherwise);
  return {
    connectionsMax: number('PANOPTES_CONNECTIONS_MAX', 1, 1_000_000, 10_000),
    connectionsPerAddressMax: number('PANOPTES_CONNECTIONS_PER_ADDRESS_MAX', 0, 1_000_000, 256),
    headerBytesMax: number('PANOPTES_HEADER_BYTES_MAX', 8_192, 1_048_576, 16_384),
    urlBytesMax: number('PANOPTES_URL_BYTES_MAX', 4_352, 65_536, 8_192),
    headersMsMax: number('PANOPTES_HEADERS_MS_MAX', 100, 600_000, 10_000),
    requestMsMax: number('PANOPTES_REQUEST_MS_MAX', 100, 600_000, 30_000),
    idleMsMax: number('PANOPTES_IDLE_MS_MAX', 100, 3_600_000, 75_000),
    requestsPerSecMax: number('PANOPTES_REQUESTS_PER_SEC_MAX', 0, 10_000_000, 2_000),
    failedTokensPerSecMax: number('PANOPTES_FAILED_TOKENS_PER_SEC_MAX', 0, 1_000_000, 20),
    signaturePercentMax: number('PANOPTES_SIGNATURE_PERCENT_MAX', 1, 100, 10),
    signaturesWaitingMax: number('PANOPTES_SIGNATURES_WAITING_MAX', 0, 100_000, 64),
    drainMsMax: number('PANOPTES_DRAIN_MS_MAX', 0, 3_600_000, 5_000),
  };
};
