import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { childEnv } from '../../shared/runtime/index.ts';

/** Runs a program of this repository with exactly these settings, to its end. */
export async function runProgram(
  path: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], { env: childEnv(settings) });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}
