import { join } from 'node:path';
import type { DistributorConfig } from '../config.ts';
import type { Limits } from '../limits/settings.ts';
import type { WorkerRole } from './protocol.ts';

/** Limits of the whole node, of which each process may give out its part: together they keep to what the operator said. */
const SHARED = [
  'connectionsMax',
  'connectionsPerAddressMax',
  'requestsPerSecMax',
  'failedTokensPerSecMax',
  'signaturesWaitingMax',
] as const satisfies readonly (keyof Limits)[];

/** The settings of the node as one of its processes goes by them. What it knows it keeps in a folder of its own. */
export function shareOf(config: DistributorConfig, role: WorkerRole): DistributorConfig {
  const { slot, processes } = role;
  const part = (whole: number): number => Math.ceil(whole / processes);
  const limits = { ...config.limits };
  for (const name of SHARED) limits[name] = part(limits[name]);
  return {
    ...config,
    // The first one's is that of a node of one process, so that changing their number costs nothing but the others' first look.
    stateDir: slot === 0 ? config.stateDir : join(config.stateDir, String(slot)),
    memoryBytesMax: part(config.memoryBytesMax),
    sendBytesMax: part(config.sendBytesMax),
    seenTokensMax: part(config.seenTokensMax),
    imagesAtOnceMax: part(config.imagesAtOnceMax),
    limits,
  };
}
