import { PassThrough } from 'node:stream';
import { Client, FTPError } from 'basic-ftp';
import { SourceError, type AssetSource } from '../source.ts';

export interface FtpSourceOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** In front of the id: '' or with a slash at its end. */
  readonly prefix: string;
  /** Explicit TLS, for commands and data. */
  readonly isSecure: boolean;
  readonly user: string;
  readonly password: string;
  /** PEM: whom to trust in place of the well-known authorities. */
  readonly ca: string | null;
}

/** How FTP says that there is no such file, or that one may not have it; it does not tell the two apart. */
const UNAVAILABLE = 550;

/** An FTP server, with a connection for each file: one carries one transfer at a time. */
export function createFtpSource(options: FtpSourceOptions): AssetSource {
  const { name, host, port, prefix, isSecure, user, password, ca } = options;
  return {
    name,
    async *read({ id, size }, signal) {
      const path = `${prefix}${id}`;
      // How long anything may take is the download's to say. Bytes come from the host that was named, wherever the
      // server points.
      const client = new Client(0, { allowSeparateTransferHost: false });
      const bytes = new PassThrough();
      const end = (): void => {
        client.close();
        bytes.destroy(new Error('The transfer was ended'));
      };
      bytes.on('error', () => undefined);
      signal.addEventListener('abort', end);
      try {
        signal.throwIfAborted();
        const secureOptions = { host, ...(ca === null ? {} : { ca }) };
        await client.access({ host, port, user, password, secure: isSecure, secureOptions }).catch(blame);
        if ((await client.size(path).catch(blame)) !== size)
          throw new SourceError('wrong_size', `has another size than ${size} bytes`);
        const transfer = client.downloadTo(bytes, path).then(
          () => void bytes.end(),
          (error: unknown) => void bytes.destroy(error as Error),
        );
        try {
          for await (const chunk of bytes) yield chunk as Buffer;
        } catch (error) {
          blame(error);
        }
        await transfer;
      } finally {
        signal.removeEventListener('abort', end);
        end();
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** What the server says is left out: it may repeat what it was told. */
function blame(error: unknown): never {
  if (!(error instanceof FTPError)) throw error;
  if (error.code === UNAVAILABLE) throw new SourceError('missing', 'answered 550');
  throw new SourceError('refused', `answered ${error.code}`);
}
