import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2, { type Connection, type SFTPWrapper } from 'ssh2';
import { fingerprint } from '../../services/distributor/assets/sources/sftp-source.ts';
import { createSshKeyPair } from './ssh-key.ts';

export interface SftpServer extends AsyncDisposable {
  readonly port: number;
  /** As ssh-keygen -l prints it. */
  readonly hostKey: string;
  readonly logins: number;
  /** Ends every connection. */
  cut(): void;
}

const { STATUS_CODE } = ssh2.utils.sftp;

/** A real SSH server that lets one person read files by their whole path. */
export async function startSftpServer(
  files: ReadonlyMap<string, Buffer>,
  user: { readonly name: string; readonly password: string; readonly publicKey: string },
): Promise<SftpServer> {
  const host = createSshKeyPair();
  const hostPublic = ssh2.utils.parseKey(host.public);
  if (hostPublic instanceof Error) throw hostPublic;
  const allowedKey = ssh2.utils.parseKey(user.publicKey);
  if (allowedKey instanceof Error) throw allowedKey;
  const connections = new Set<Connection>();
  let logins = 0;

  const server = new ssh2.Server({ hostKeys: [host.private] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (context) => {
      const isPassword = context.method === 'password' && context.password === user.password;
      const isKey =
        context.method === 'publickey' &&
        context.key.data.equals(allowedKey.getPublicSSH()) &&
        (context.signature === undefined ||
          allowedKey.verify(context.blob ?? Buffer.alloc(0), context.signature, context.hashAlgo));
      if (context.username === user.name && (isPassword || isKey)) context.accept();
      else context.reject();
    });
    connection.on('ready', () => {
      logins += 1;
      connection.on('session', (accept) =>
        accept().on('sftp', (acceptSftp) => serveFiles(acceptSftp(), files)),
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: fingerprint(hostPublic.getPublicSSH()),
    get logins() {
      return logins;
    },
    cut: () => {
      for (const connection of connections) connection.end();
    },
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection.end();
      server.close();
      await once(server, 'close');
    },
  };
}

function serveFiles(sftp: SFTPWrapper, files: ReadonlyMap<string, Buffer>): void {
  const opened: Buffer[] = [];
  const fileOf = (handle: Buffer): Buffer => opened[handle.readUInt32BE(0)] ?? Buffer.alloc(0);
  sftp.on('OPEN', (request, path) => {
    const file = files.get(path);
    if (file === undefined) {
      sftp.status(request, STATUS_CODE.NO_SUCH_FILE);
      return;
    }
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(opened.push(file) - 1, 0);
    sftp.handle(request, handle);
  });
  sftp.on('READ', (request, handle, offset, length) => {
    const bytes = fileOf(handle).subarray(offset, offset + length);
    if (bytes.length === 0) sftp.status(request, STATUS_CODE.EOF);
    else sftp.data(request, bytes);
  });
  const attributes = (size: number) => ({ mode: 0o100_644, uid: 0, gid: 0, size, atime: 0, mtime: 0 });
  sftp.on('FSTAT', (request, handle) => sftp.attrs(request, attributes(fileOf(handle).length)));
  sftp.on('CLOSE', (request) => sftp.status(request, STATUS_CODE.OK));
}
