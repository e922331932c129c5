import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openOrCleanUp } from '../../shared/base/index.ts';
import { createSshKeyPair } from './ssh-key.ts';
import { startFtpServer } from './ftp-server.ts';
import { startHttpStore } from './http-store.ts';
import { startS3Server } from './s3-server.ts';
import { startSftpServer } from './sftp-server.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { TEST_CERTIFICATE } from './test-certificate.ts';

export const STORAGE_KINDS = ['https', 's3', 'sftp', 'ftp', 'folder'] as const;
export type StorageKind = (typeof STORAGE_KINDS)[number];

/** One private store of each kind, each real, and what a distributor must be told to read from them all. */
export interface StorageServers extends AsyncDisposable {
  put(kind: StorageKind, id: string, bytes: Buffer): Promise<void>;
  /** What somebody without a login gets of the stores that speak HTTP. */
  readonly anonymous: (kind: 'https' | 's3', id: string) => Promise<number>;
  readonly settings: Readonly<Record<'PANOPTES_STORAGE_URLS' | 'PANOPTES_STORAGE_CREDENTIALS', string>>;
}

export const STORAGE_SECRET = 'open-sesame-of-the-stores';
const USER = { name: 'node', password: STORAGE_SECRET };

export function startStorageServers(): Promise<StorageServers> {
  return openOrCleanUp(async (opened) => {
    const { path } = opened.use(await createTemporaryFolder());
    const ftpFolder = opened.use(await createTemporaryFolder()).path;
    const files = {
      https: new Map<string, Buffer>(),
      s3: new Map<string, Buffer>(),
      sftp: new Map<string, Buffer>(),
    };
    const https = opened.use(
      await startHttpStore(
        files.https,
        ({ headers }) => (headers.authorization === `Bearer ${STORAGE_SECRET}` ? null : 401),
        { isSecure: true },
      ),
    );
    const account = { accessKeyId: 'AKTEST', secretAccessKey: STORAGE_SECRET };
    const s3 = opened.use(await startS3Server(files.s3, account));
    const { public: publicKey, private: privateKey } = createSshKeyPair();
    const sftp = opened.use(await startSftpServer(files.sftp, { ...USER, publicKey }));
    const ftp = opened.use(await startFtpServer(ftpFolder, USER));
    const s3Endpoint = `http://127.0.0.1:${s3.port}`;
    const logins = {
      [`https://127.0.0.1:${https.port}/{id}`]: { bearer: STORAGE_SECRET, ca: TEST_CERTIFICATE.cert },
      [`s3://bucket?region=eu-test-1&endpoint=${s3Endpoint}`]: account,
      [`sftp://127.0.0.1:${sftp.port}/`.replace(/\/$/, '')]: {
        user: 'node',
        privateKey,
        hostKey: sftp.hostKey,
      },
      [`ftp://127.0.0.1:${ftp.port}`]: { user: 'node', password: STORAGE_SECRET },
    };
    return {
      put: async (kind, id, bytes) => {
        if (kind === 'folder') await writeFile(join(path, id), bytes);
        else if (kind === 'ftp') await writeFile(join(ftpFolder, id), bytes);
        else files[kind].set(kind === 's3' ? `/bucket/${id}` : `/${id}`, bytes);
      },
      // The certificate is not the question here.
      anonymous: async (kind, id) => {
        if (kind === 's3') return (await fetch(`${s3Endpoint}/bucket/${id}`)).status;
        const { request, Agent } = await import('undici');
        const dispatcher = new Agent({ connect: { ca: TEST_CERTIFICATE.cert } });
        const { statusCode, body } = await request(`https://127.0.0.1:${https.port}/${id}`, { dispatcher });
        await body.dump();
        await dispatcher.destroy();
        return statusCode;
      },
      settings: {
        PANOPTES_STORAGE_URLS: [...Object.keys(logins), `file://${path}`].join(','),
        PANOPTES_STORAGE_CREDENTIALS: JSON.stringify(logins),
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}
