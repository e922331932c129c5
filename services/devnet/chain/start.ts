import type { DevChain, DevChainOptions } from './types.ts';

/** Starts a development chain at genesis, on 127.0.0.1. */
export async function startDevChain(options: DevChainOptions = {}): Promise<DevChain> {
  return Promise.reject(new Error(`not there yet (port ${String(options.port ?? 0)})`));
}
