import { spawnSync } from 'node:child_process';

/** Where a program of the distribution is; `null`, said in the output of the tests, when it is not installed. */
export function findProgram(...names: readonly string[]): string | null {
  for (const name of names) {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
    if (stdout.trim() !== '') return stdout.trim();
  }
  console.warn(`SKIPPED: ${names.join(' or ')} is not installed, and what needs it is not tested`);
  return null;
}
