import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { until } from '../support/until.ts';

const REPOSITORY = new URL('../../', import.meta.url).pathname;

type Line = Record<string, unknown> & { event: string };

/** `npm start -- --json …` as a process of its own, and its lines. */
function startDevnet(
  options: string[],
  env: NodeJS.ProcessEnv = process.env,
): {
  child: ChildProcess;
  lines: Line[];
  reach: (event: string) => Promise<Line>;
} {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'services/devnet/main.ts', '--json', ...options],
    {
      cwd: REPOSITORY,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines: Line[] = [];
  const waiting: { event: string; resolve: (line: Line) => void }[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    for (const waiter of waiting) if (waiter.event === line.event) waiter.resolve(line);
  });
  const reach = (event: string): Promise<Line> =>
    new Promise((resolve, reject) => {
      waiting.push({ event, resolve });
      child.once('exit', () => reject(new Error(`ended before ${event}: ${JSON.stringify(lines)}`)));
    });
  return { child, lines, reach };
}

/** Processes whose command line or parent chain leads to `pid`. */
function descendants(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return [{ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }];
      } catch {
        return []; // gone meanwhile
      }
    });
  const below = (root: number): number[] =>
    parents
      .filter(({ parent }) => parent === root)
      .flatMap((process) => [process.pid, ...below(process.pid)]);
  return below(pid);
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it('the tour: every step holds, on ports that are free although the usual ones are taken', async () => {
  const taken = await Promise.all(
    [8080, 8090, 9944].map(async (port) => {
      const server = createServer().listen(port, '127.0.0.1');
      await Promise.race([once(server, 'listening'), once(server, 'error')]);
      return server;
    }),
  );
  const { child, lines } = startDevnet(['--once']);
  const [code] = (await once(child, 'exit')) as [number | null];
  for (const server of taken) server.close();

  const steps = lines.filter(({ event }) => event === 'step');
  expect(steps.filter(({ ok }) => ok !== true)).toEqual([]);
  expect(steps.map(({ name }) => name)).toEqual([
    'policy',
    'public',
    'gated',
    'stranger',
    'holder',
    'sold',
    'hidden',
    'guest',
  ]);
  expect(lines.at(-1)).toEqual({ event: 'done', ok: true, staysUp: false });
  expect(code).toBe(0);
}, 120_000);

it.runIf(process.platform === 'linux')(
  'stays up until Ctrl-C, and leaves nothing behind',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'panoptes-e2e-'));
    chmodSync(folder, 0o755); // Postgres runs as somebody else when we are root
    const { child, reach } = startDevnet([], { ...process.env, TMPDIR: folder });
    const [done, stays] = await Promise.all([reach('done'), reach('stays')]);
    expect(done).toMatchObject({ ok: true, staysUp: true });
    expect((await fetch(String(stays.guestLink))).status).toBe(200);
    const pids = descendants(child.pid!);
    expect(pids.length).toBeGreaterThanOrEqual(4);

    const exited = once(child, 'exit');
    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    // Ended children of ours may wait a moment for whoever inherits them to notice.
    await until('every process is gone', () => !pids.some(isAlive));
    expect(readdirSync(folder).filter((name) => name.startsWith('panoptes-'))).toEqual([]);
    rmSync(folder, { recursive: true });
  },
  120_000,
);

it('tells what it takes, and refuses what it does not know', async () => {
  const run = async (...options: string[]) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'services/devnet/main.ts', ...options], {
      cwd: REPOSITORY,
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [code] = (await once(child, 'exit')) as [number];
    return { code, text };
  };
  expect(await run('--help')).toMatchObject({ code: 0, text: expect.stringContaining('--once') });
  expect(await run('--twice')).toMatchObject({ code: 2, text: expect.stringContaining('--twice') });
  expect(await run('--block-ms', 'soon')).toMatchObject({
    code: 2,
    text: expect.stringContaining('--block-ms'),
  });
});
