import { FtpSrv } from 'ftp-srv';
import { findPort } from '../../services/devnet/ports.ts';
import { TEST_CERTIFICATE } from './test-certificate.ts';

export interface FtpServer extends AsyncDisposable {
  readonly port: number;
}

const say = (): void => undefined;
const SILENT = { trace: say, debug: say, info: say, warn: say, error: say, fatal: say, child: () => SILENT };

/** A real FTP server over a folder, for one person; `isSecure`: nobody logs in without TLS. */
export async function startFtpServer(
  dir: string,
  user: { readonly name: string; readonly password: string },
  isSecure = false,
): Promise<FtpServer> {
  const port = await findPort();
  const server = new FtpSrv({
    url: `ftp://127.0.0.1:${port}`,
    pasv_url: '127.0.0.1',
    anonymous: false,
    log: SILENT,
    ...(isSecure ? { tls: TEST_CERTIFICATE } : {}),
  });
  server.on('login', ({ connection, username, password }, resolve, reject) => {
    const isRight = username === user.name && password === user.password;
    if (isRight && (!isSecure || connection.secure)) resolve({ root: dir });
    else reject(new Error('No'));
  });
  await server.listen();
  return { port, [Symbol.asyncDispose]: () => server.close() as Promise<void> };
}
