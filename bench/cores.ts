import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** What is measured has this core; clients have the others. */
export const SERVER_CORE = 0;
export const CLIENT_CORE = 1;

export const installed = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** On a machine with one core, or without `taskset`, all share what there is. */
export function keepOn(core: number, pids: readonly number[], log: (line: string) => void): void {
  if (cpus().length < 2 || !installed('taskset')) {
    log('nothing is kept on a core: there is no other one, or no taskset');
    return;
  }
  for (const pid of pids) spawnSync('taskset', ['-a', '-cp', String(core), String(pid)]);
}
