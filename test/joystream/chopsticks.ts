import { execFile, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { u8aToHex } from '@polkadot/util';
import { xxhashAsHex } from '@polkadot/util-crypto';
import { findPort } from '../../services/devnet/ports.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const VERSION = '1.1.0';
/** Without these, npm mixes two generations of the same packages. */
const PINS = {
  ...pin(
    '16.4.9',
    ['api', 'api-augment', 'api-base', 'api-derive', 'rpc-provider', 'rpc-augment', 'rpc-core'],
    ['types', 'types-augment', 'types-codec', 'types-create', 'types-known', 'types-support'],
  ),
  ...pin('13.5.9', ['util', 'util-crypto', 'keyring', 'networks']),
};

export interface RunningRuntime extends AsyncDisposable {
  readonly url: string;
}

/** Runs the runtime of a raw chain spec from its genesis, on 127.0.0.1, without peers: a block for each extrinsic. */
export async function startRuntime(specPath: string, installed: string | undefined): Promise<RunningRuntime> {
  const folder = await createTemporaryFolder();
  const home = installed ?? (await install());
  const port = await findPort();
  const genesis = join(folder.path, 'spec.json');
  await writeFile(genesis, prepareSpec(await readFile(specPath, 'utf8')));
  const config = join(folder.path, 'chopsticks.json');
  const settings = {
    host: '127.0.0.1',
    port,
    genesis,
    'build-block-mode': 'Instant',
    'allow-unresolved-imports': true,
    'runtime-log-level': 1,
  };
  await writeFile(config, JSON.stringify(settings));

  const logPath = join(folder.path, 'chopsticks.log');
  const log = createWriteStream(logPath);
  const script = join(home, 'node_modules/@acala-network/chopsticks/chopsticks.cjs');
  const child = spawn(process.execPath, [script, '--config', config], {
    env: { ...process.env, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const dispose = async (): Promise<void> => {
    child.kill();
    await ended;
    log.end();
    await folder[Symbol.asyncDispose]();
  };

  try {
    // The port opens once block 1 is there.
    await until('the runtime has built a block', () => child.exitCode !== null || answers(port), 120_000);
    if (child.exitCode !== null) throw new Error(`chopsticks has ended: ${await readFile(logPath, 'utf8')}`);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { url: `ws://127.0.0.1:${String(port)}`, [Symbol.asyncDispose]: dispose };
}

/** Into a folder of its own, once per machine: it is no dependency of this project. */
async function install(): Promise<string> {
  const home = join(tmpdir(), `panoptes-chopsticks-${VERSION}`);
  const entry = join(home, 'node_modules/@acala-network/chopsticks/chopsticks.cjs');
  if (await readFile(entry).catch(() => null)) return home;
  console.log(`installing chopsticks ${VERSION} into ${home}, once`);
  await mkdir(home, { recursive: true });
  const manifest = {
    private: true,
    dependencies: { '@acala-network/chopsticks': VERSION },
    overrides: PINS,
  };
  await writeFile(join(home, 'package.json'), JSON.stringify(manifest));
  const args = ['install', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'];
  await promisify(execFile)('npm', args, { cwd: home });
  return home;
}

/** Two values that make every start the same. */
function prepareSpec(text: string): string {
  const spec = JSON.parse(text) as { genesis: { raw: { top: Record<string, string> } } };
  const { top } = spec.genesis.raw;
  // Without a time in the genesis, chopsticks takes two looks at the clock, and block 1 fails when they differ.
  top[keyOf('Timestamp', 'Now')] = u64(BigInt(Date.now()));
  // No change of session: the first block of each is full by itself, as there are no validators to send heartbeats.
  top[keyOf('Babe', 'EpochIndex')] = u64(1_000_000n);
  spec.genesis.raw.top = Object.fromEntries(
    Object.entries(top).sort(([one], [other]) => (one < other ? -1 : 1)),
  );
  return JSON.stringify(spec);
}

const keyOf = (pallet: string, item: string): string =>
  `${xxhashAsHex(pallet, 128)}${xxhashAsHex(item, 128).slice(2)}`;

function u64(value: bigint): string {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, value, true);
  return u8aToHex(new Uint8Array(bytes.buffer));
}

async function answers(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${String(port)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chain_getBlockHash', params: [1] }),
  }).catch(() => null);
  return (
    response?.ok === true && typeof ((await response.json()) as { result?: unknown }).result === 'string'
  );
}

function pin(version: string, ...names: readonly (readonly string[])[]): Record<string, string> {
  return Object.fromEntries(names.flat().map((name) => [`@polkadot/${name}`, version]));
}
