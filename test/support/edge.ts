import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import type { Network } from '../../services/devnet/network.ts';
import { openAtPort } from '../../services/devnet/ports.ts';
import { startServiceProcess, type ServiceProcess } from '../../services/devnet/process.ts';
import { openOrCleanUp } from '../../shared/base/index.ts';
import { bytesToHex } from '../../shared/token/index.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

/** One more distributor of a network, which may read its database and nothing else there. */
export interface ReadingEdge extends AsyncDisposable {
  readonly process: ServiceProcess;
  /** All that it keeps. */
  readonly folder: string;
}

const READER = 'edge';

/** `files`: where it has bytes from, by asset. */
export function startReadingEdge(
  { databaseUrl, root }: Network,
  files: Readonly<Record<string, Buffer>>,
): Promise<ReadingEdge> {
  return openOrCleanUp(async (opened) => {
    const { path } = opened.use(await createTemporaryFolder());
    const [source, folder] = [join(path, 'source'), join(path, 'kept')];
    await mkdir(source);
    for (const [id, bytes] of Object.entries(files)) await writeFile(join(source, id), bytes);
    const process = opened.use(
      await openAtPort(undefined, async (port) =>
        startServiceProcess('distributor', {
          PANOPTES_HOST: '127.0.0.1',
          PANOPTES_PORT: String(port),
          PANOPTES_DATABASE_URL: await asReader(databaseUrl),
          PANOPTES_ROOT_KEY: bytesToHex(root.publicKey),
          PANOPTES_DISTRIBUTOR_ID: `edge-${String(port)}`,
          PANOPTES_CACHE_DIR: folder,
          PANOPTES_STORAGE_URLS: pathToFileURL(source).href,
        }),
      ),
    );
    return { process, folder, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  });
}

async function asReader(databaseUrl: string): Promise<string> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [READER]);
  if (rowCount === 0)
    await client.query(
      `create role ${READER} login password '${READER}';
       grant usage on schema panoptes to ${READER};
       grant select on all tables in schema panoptes to ${READER};`,
    );
  await client.end();
  const url = new URL(databaseUrl);
  url.username = url.password = READER;
  return url.href;
}
