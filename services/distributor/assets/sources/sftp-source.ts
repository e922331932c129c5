import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Client, type ConnectConfig, type SFTPWrapper } from 'ssh2';
import { SourceError, type AssetSource } from '../source.ts';

export interface SftpSourceOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** In front of the id: '' or with a slash at its end. */
  readonly prefix: string;
  readonly user: string;
  readonly login: { readonly password: string } | { readonly privateKey: string };
  /** `SHA256:…`, as ssh-keygen -l prints it: no other server is told anything. */
  readonly hostKey: string;
}

interface Connection {
  readonly client: Client;
  readonly sftp: SFTPWrapper;
}

/** SSH_FX_NO_SUCH_FILE. */
const NO_SUCH_FILE = 2;
const KEEP_ALIVE_MS = 15_000;
const CHUNK_BYTES = 64 * 1_024;

/** A folder behind SSH: one connection for all files, made when the first is wanted and again when it has broken. */
export function createSftpSource(options: SftpSourceOptions): AssetSource {
  const { name, prefix } = options;
  let connecting: Promise<Connection> | null = null;

  const connect = (): Promise<Connection> => {
    if (connecting) return connecting;
    const attempt = openConnection(options);
    const forget = (): void => {
      if (connecting === attempt) connecting = null;
    };
    attempt.then(({ client }) => client.once('close', forget), forget);
    connecting = attempt;
    return attempt;
  };

  return {
    name,
    async *read({ id }, signal) {
      const { sftp } = await untilAborted(connect(), signal);
      const stream = sftp.createReadStream(`${prefix}${id}`, { highWaterMark: CHUNK_BYTES });
      const end = (): void => void stream.destroy();
      // Closing a file whose connection is gone fails too, later.
      stream.on('error', () => undefined);
      signal.addEventListener('abort', end);
      try {
        signal.throwIfAborted();
        for await (const chunk of stream) yield chunk as Buffer;
      } catch (error) {
        if (isCode(error, NO_SUCH_FILE)) throw new SourceError('missing', 'has no such file', error);
        throw error;
      } finally {
        signal.removeEventListener('abort', end);
        end();
      }
    },
    [Symbol.asyncDispose]: async () => {
      const connection = await connecting?.catch(() => null);
      if (!connection) return;
      const closed = once(connection.client, 'close');
      connection.client.end();
      connection.client.destroy();
      await closed;
    },
  };
}

async function openConnection({ host, port, user, login, hostKey }: SftpSourceOptions): Promise<Connection> {
  const client = new Client();
  const config: ConnectConfig = {
    host,
    port,
    username: user,
    ...login,
    keepaliveInterval: KEEP_ALIVE_MS,
    hostVerifier: (key: Buffer) => fingerprint(key) === hostKey,
  };
  try {
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
      client
        .once('ready', () => client.sftp((error, wrapper) => (error ? reject(error) : resolve(wrapper))))
        .once('error', reject)
        .once('close', () => reject(new Error('The connection was closed')))
        .connect(config);
    });
    client.on('error', () => undefined);
    return { client, sftp };
  } catch (error) {
    client.on('error', () => undefined).destroy();
    throw error;
  }
}

export const fingerprint = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

const isCode = (error: unknown, code: number): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** The connection is for others too: only this one stops waiting for it. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
