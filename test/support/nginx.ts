import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findPort } from '../../services/devnet/ports.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

export interface Nginx extends AsyncDisposable {
  readonly url: string;
  /** Where it keeps what it has cached. */
  readonly cacheDir: string;
}

/** A real nginx with this inside its `server` block, and a cache called `cache`. */
export async function startNginx(program: string, server: string): Promise<Nginx> {
  const folder = await createTemporaryFolder();
  const cacheDir = join(folder.path, 'cache');
  await mkdir(cacheDir);
  const port = await findPort();
  const config = join(folder.path, 'nginx.conf');
  await writeFile(
    config,
    `daemon off; master_process off; worker_processes 1; pid ${folder.path}/pid; error_log ${folder.path}/error.log;
     events { worker_connections 512; }
     http {
       access_log off;
       client_body_temp_path ${folder.path}/body; proxy_temp_path ${folder.path}/proxy;
       fastcgi_temp_path ${folder.path}/f; uwsgi_temp_path ${folder.path}/u; scgi_temp_path ${folder.path}/s;
       proxy_cache_path ${cacheDir} keys_zone=cache:1m inactive=10m;
       server { listen 127.0.0.1:${port}; ${server} }
     }`,
  );
  const child = spawn(program, ['-c', config, '-p', folder.path], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    await folder[Symbol.asyncDispose]();
  };
  try {
    await until('nginx listens', () =>
      fetch(url).then(
        async (response) => {
          await response.arrayBuffer();
          return true;
        },
        () => false,
      ),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, cacheDir, [Symbol.asyncDispose]: stop };
}
