import { spawn } from 'node:child_process';
import type { Load } from './http-load.ts';

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

/** What came, a second; bytes with those of answers that were under way at the end. */
export interface Rate {
  readonly answers: number;
  readonly bytes: number;
}

/** By wrk, which is faster than any server here. Throws when an answer was wrong. */
export async function runWrk({ url, headers, connections, seconds, expected }: Load): Promise<Rate> {
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, ...fields, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) output += String(chunk);
  const [, answers = '0', took = '0', read = '0', unit = 'B'] =
    /(\d+) requests in ([\d.]+)s, ([\d.]+)([KMG]?B) read/.exec(output) ?? [];
  const bytes = Number(read) * (UNITS[unit] ?? Number.NaN);
  const whole = Number(answers);
  // What it says of bytes it has rounded.
  const isRight =
    bytes > whole * expected.bytesMin * 0.98 && bytes < (whole + connections) * expected.bytesMax * 1.02;
  if (!isRight || /Non-2xx|Socket errors/.test(output)) throw new Error(`${url}: wrong answers\n${output}`);
  return { answers: whole / Number(took), bytes: bytes / Number(took) };
}
