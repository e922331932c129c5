import { inject } from 'vitest';
import { describeContract } from '../contract/contract.ts';
import { describeFilter } from './filter.ts';
import { describeNetwork } from './network.ts';
import { openRealWorld } from './real-world.ts';

const url = inject('joystreamUrl');

const log = createProgress();

describeContract('the real runtime', () => openRealWorld(url, log));
describeFilter(url);
describeNetwork(url, log);

function createProgress(): (line: string) => void {
  const startedAt = performance.now();
  return (line) => {
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  };
}
