import { fork, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { findPort } from '../services/devnet/ports.ts';
import { createCleanup, type Cleanup } from '../shared/base/index.ts';
import { installed, keepOn, SERVER_CORE } from './cores.ts';
import { atLeast, median, rounded, type Run } from './harness.ts';
import { startLoader, type Load } from './http-load.ts';
import { imageOf, startServing } from './serving.ts';
import { runWrk, type Rate } from './wrk.ts';

const SMALL = 1;
const LARGE = 2;
const SIZES = { [SMALL]: 20_000, [LARGE]: 64 * 2 ** 20 } as const;
const CONNECTIONS = { [SMALL]: 32, [LARGE]: 2 } as const;
const ROUNDS = 7;
const ROUND_SEC = 1;
const SECRET = 'peers';

interface Peer {
  readonly url: (asset: number) => string;
  readonly headers: Readonly<Record<string, string>>;
}

export const run: Run = async ({ log }) => {
  const nginx = ['nginx', '/usr/sbin/nginx'].find(installed);
  if (nginx === undefined) {
    log('nginx is not installed (on Debian: apt-get install nginx-light): there is nobody to compare with');
    return { figures: {}, budgets: {} };
  }
  await using cleanup = createCleanup();
  const small = imageOf(SIZES[SMALL]);
  const large = randomBytes(SIZES[LARGE]);
  log('starting Postgres, a storage node, a distributor, nginx and Express');
  const { node, lead, dir } = await startServing(cleanup, [
    { id: SMALL, bytes: small, isGated: true },
    { id: LARGE, bytes: large, isGated: true },
  ]);
  const www = join(dir, 'www');
  await mkdir(www);
  await writeFile(join(www, String(SMALL)), small);
  await writeFile(join(www, String(LARGE)), large);
  const server = await startNginx(cleanup, nginx, dir, www);
  const argus = await startArgusStack(cleanup, www);
  keepOn(
    SERVER_CORE,
    [node, server, argus].map(({ pid }) => pid),
    log,
  );

  const bearer = { authorization: `Bearer ${lead.token()}` };
  const peers = {
    node: { url: (asset) => `${node.url}/api/v1/assets/${asset}`, headers: bearer },
    plain: { url: (asset) => `${server.url}/plain/${asset}`, headers: {} },
    secureLink: { url: (asset) => server.url + secured(`/secure/${asset}`), headers: {} },
    authRequest: { url: (asset) => `${server.url}/asked/${asset}`, headers: bearer },
    argusStack: { url: (asset) => `${argus.url}/api/v1/assets/${asset}`, headers: {} },
  } satisfies Record<string, Peer>;
  type Name = keyof typeof peers;
  const names = Object.keys(peers) as Name[];
  const count = findCounter(cleanup, log);

  const figures: Record<string, number> = {};
  const ratios: Record<string, number> = {};
  for (const [asset, unit] of [
    [SMALL, 'PerSec'],
    [LARGE, 'MbPerSec'],
  ] as const) {
    const rounds: Record<Name, number>[] = [];
    for (let round = -1; round < ROUNDS; round += 1) {
      log(
        `${asset === SMALL ? '20 KB' : '64 MB'}: ${round < 0 ? 'warming up' : `round ${round + 1} of ${ROUNDS}`}`,
      );
      const results: Partial<Record<Name, number>> = {};
      for (const [place] of names.entries()) {
        const name = names[(place + round + names.length) % names.length] ?? 'node';
        results[name] = await measure(count, peers[name], asset);
      }
      if (round >= 0) rounds.push(results as Record<Name, number>);
    }
    for (const name of names) {
      figures[name + unit] = rounded(median(rounds.map((of) => of[name])));
      ratios[`${name}${unit}`] = rounded(median(rounds.map((of) => of.node / of[name])));
    }
  }
  const nodeVsSecureLink = ratios.secureLinkPerSec ?? Number.NaN;
  const nodeVsArgusStack = ratios.argusStackPerSec ?? Number.NaN;
  const nodeVsPlainLarge = ratios.plainMbPerSec ?? Number.NaN;
  return {
    figures: {
      ...figures,
      nodeVsPlain: ratios.plainPerSec ?? Number.NaN,
      nodeVsAuthRequest: ratios.authRequestPerSec ?? Number.NaN,
      nodeVsSecureLink,
      nodeVsArgusStack,
      nodeVsPlainLarge,
    },
    budgets: {
      nodeVsSecureLink: atLeast(0.55, nodeVsSecureLink),
      nodeVsArgusStack: atLeast(10, nodeVsArgusStack),
      nodeVsPlainLarge: atLeast(0.9, nodeVsPlainLarge),
    },
  };
};

type Counter = (load: Load) => Promise<Rate>;

function findCounter(cleanup: Cleanup, log: (line: string) => void): Counter {
  if (installed('wrk')) return runWrk;
  log(
    'wrk is not installed (on Debian: apt-get install wrk): autocannon, which is slower than the servers, asks',
  );
  const loader = cleanup.use(startLoader());
  return async (load) => {
    const { perSec } = await loader.run(load);
    return { answers: perSec, bytes: perSec * load.expected.bytesMin };
  };
}

/** Answers a second of the small one; of the large one, megabytes. */
async function measure(count: Counter, peer: Peer, asset: keyof typeof SIZES): Promise<number> {
  const size = SIZES[asset];
  const { answers, bytes } = await count({
    url: peer.url(asset),
    headers: peer.headers,
    connections: CONNECTIONS[asset],
    seconds: ROUND_SEC,
    expected: { status: 200, bytesMin: size, bytesMax: size + 2_000 },
  });
  return asset === SMALL ? answers : bytes / 1_000_000;
}

/** As the documentation of ngx_http_secure_link_module has it. */
function secured(path: string): string {
  const expires = Math.floor(Date.now() / 1_000) + 3_600;
  const md5 = createHash('md5').update(`${expires}${path} ${SECRET}`).digest('base64url');
  return `${path}?md5=${md5}&expires=${expires}`;
}

async function startArgusStack(cleanup: Cleanup, dir: string): Promise<{ url: string; pid: number }> {
  const child = fork(new URL('argus-stack.ts', import.meta.url), [dir], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const exited = once(child, 'exit');
  cleanup.defer(async () => {
    if (child.connected) child.disconnect();
    await exited;
  });
  const [port] = (await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error('Express does not serve'))),
  ])) as [number];
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0 };
}

async function startNginx(
  cleanup: Cleanup,
  program: string,
  dir: string,
  www: string,
): Promise<{ url: string; pid: number }> {
  const judge = createServer((_request, response) => response.writeHead(204).end()).listen(0, '127.0.0.1');
  await once(judge, 'listening');
  cleanup.defer(async () => {
    judge.closeAllConnections();
    judge.close();
    await once(judge, 'close');
  });
  const port = await findPort();
  const config = join(dir, 'nginx.conf');
  await writeFile(
    config,
    `daemon off; master_process off; pid ${dir}/nginx.pid; error_log ${dir}/nginx.log;
     ${process.getuid?.() === 0 ? 'user root;' : ''}
     events { worker_connections 1024; }
     http {
       access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=100;
       default_type application/octet-stream;
       client_body_temp_path ${dir}/n1; proxy_temp_path ${dir}/n2; fastcgi_temp_path ${dir}/n3;
       uwsgi_temp_path ${dir}/n4; scgi_temp_path ${dir}/n5;
       upstream judge { server 127.0.0.1:${(judge.address() as AddressInfo).port}; keepalive 32; }
       server {
         listen 127.0.0.1:${port};
         location /plain/ { alias ${www}/; }
         location /secure/ {
           secure_link $arg_md5,$arg_expires; secure_link_md5 "$secure_link_expires$uri ${SECRET}";
           if ($secure_link != "1") { return 403; }
           alias ${www}/;
         }
         location /asked/ { auth_request /judge; alias ${www}/; }
         location = /judge {
           internal; proxy_pass http://judge; proxy_http_version 1.1; proxy_set_header Connection "";
           proxy_pass_request_body off; proxy_set_header Content-Length "";
         }
       }
     }`,
  );
  const child = spawn(program, ['-c', config, '-p', dir], { stdio: 'inherit' });
  cleanup.defer(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; ; attempt += 1) {
    const isUp = await fetch(`${url}/plain/${SMALL}`).then(
      async (response) => (await response.arrayBuffer()).byteLength === SIZES[SMALL],
      () => false,
    );
    if (isUp) return { url, pid: child.pid ?? 0 };
    if (attempt > 100) throw new Error('nginx does not serve');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
