import { createFolderSource } from './folder-source.ts';
import { createFtpSource } from './ftp-source.ts';
import { createHttpSource } from './http-source.ts';
import { createS3Source } from './s3-source.ts';
import { createSftpSource } from './sftp-source.ts';
import type { HttpLogin, StorageSettings } from './storage-settings.ts';
import type { AssetSource } from '../source.ts';

export interface SourceOptions {
  /** This node's own word for a storage node, `null` when it has no key. */
  readonly nodeTokenFor: ((origin: string) => string) | null;
  /** To one HTTP server at a time. */
  readonly connectionsMax: number;
}

/** Nothing is asked before the first read. */
export function createSource(settings: StorageSettings, options: SourceOptions): AssetSource {
  const { name, ca } = settings;
  const { connectionsMax } = options;
  switch (settings.kind) {
    case 'http': {
      const { template } = settings;
      const authorize = authorization(settings, options);
      return createHttpSource({
        ...{ name, ca, connectionsMax },
        urlOf: (id) => template.replaceAll('{id}', String(id)),
        headersFor: (url) => {
          const value = authorize(url);
          return Promise.resolve(value === null ? {} : { authorization: value });
        },
      });
    }
    case 's3':
      return createS3Source({ ...settings, credentials: settings.login, connectionsMax });
    case 'ftp': {
      const { user, password } = settings.login;
      return createFtpSource({ ...settings, user, password });
    }
    case 'sftp': {
      const { user, hostKey, ...login } = settings.login;
      return createSftpSource({ ...settings, user, hostKey, login });
    }
    case 'folder':
      return createFolderSource(name, settings.dir);
  }
}

/** A login the operator gave comes first; a storage node without one is shown who asks. */
function authorization(
  { login, isStorageNode }: { readonly login: HttpLogin | null; readonly isStorageNode: boolean },
  { nodeTokenFor }: SourceOptions,
): (url: string) => string | null {
  if (login && 'bearer' in login) return () => `Bearer ${login.bearer}`;
  if (login && 'user' in login) {
    const basic = Buffer.from(`${login.user}:${login.password}`).toString('base64');
    return () => `Basic ${basic}`;
  }
  if (isStorageNode && nodeTokenFor) return (url) => `Bearer ${nodeTokenFor(new URL(url).origin)}`;
  return () => null;
}
