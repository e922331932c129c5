import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { childEnv } from '../../shared/runtime/index.ts';

/** A service of this repository running as a process of its own. */
export interface ServiceProcess extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** What it has logged, newest last; bounded. */
  readonly log: readonly string[];
  /** Ends it with this signal and waits; the settings stay, so that `restart` brings the same service back. */
  kill(signal: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
}

/** For a distributor that one address asks for everybody: in benches, and in tests with thousands of requests. */
export const NO_LIMITS = {
  PANOPTES_CONNECTIONS_PER_ADDRESS_MAX: '0',
  PANOPTES_REQUESTS_PER_SEC_MAX: '0',
  PANOPTES_FAILED_TOKENS_PER_SEC_MAX: '0',
} as const;

const LOG_LINES_MAX = 1_000;
const STOP_MS = 10_000;
const REPOSITORY = new URL('../../', import.meta.url);

/** What Node is told when `npm run <name>` starts a service: this is to be no other program. */
function nodeOptionsOf(name: string): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', REPOSITORY), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  return /^exec node (.*) \S+$/.exec(scripts[name] ?? '')?.[1]?.split(' ') ?? [];
}

/**
 * Starts `services/<name>/main.ts` with exactly these settings and resolves once it listens. The IPC channel tells the
 * child when this process is gone, however that happened; `detached` keeps a terminal's Ctrl-C from reaching it first,
 * so that services stop in the order their owner chooses.
 */
export async function startServiceProcess(
  name: 'auth' | 'distributor' | 'indexer',
  settings: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const log: string[] = [];
  let child: ChildProcess;
  let url = '';

  const keep = (chunk: Buffer): void => {
    log.push(...chunk.toString('utf8').split('\n').filter(Boolean));
    log.splice(0, Math.max(0, log.length - LOG_LINES_MAX));
  };

  const start = async (): Promise<void> => {
    child = fork(fileURLToPath(new URL(`services/${name}/main.ts`, REPOSITORY)), {
      cwd: fileURLToPath(REPOSITORY),
      execArgv: nodeOptionsOf(name),
      env: childEnv(settings),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    url = await listening(child, name, log);
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const hardEnd = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(hardEnd);
  };

  await start();
  return {
    name,
    log,
    get url() {
      return url;
    },
    get pid() {
      return child.pid ?? 0;
    },
    kill: end,
    restart: start,
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  };
}

/** The URL in the child's `{listening}` message; an error with its last words when it ends before that. */
function listening(child: ChildProcess, name: string, log: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (what: string): void => {
      reject(new Error(`The ${name} ${what}:\n${log.slice(-20).join('\n')}`));
    };
    child.once('error', (error) => failed(`could not be started (${error.message})`));
    child.once('close', (code, signal) =>
      failed(`ended with ${signal ?? `exit code ${String(code)}`} before it listened`),
    );
    child.on('message', (message) => {
      if (typeof message === 'object' && 'listening' in message) {
        child.removeAllListeners('close');
        resolve(String(message.listening));
      }
    });
  });
}
