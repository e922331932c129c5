import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

/** A place that bytes come from, as the operator names it; logins apart, it may be logged. */
export type StorageSettings = { readonly name: string; readonly ca: string | null } & (
  | {
      readonly kind: 'http';
      /** `{id}` stands for the id. */
      readonly template: string;
      readonly login: HttpLogin | null;
      /** Whether it is a storage node of the network, which knows distributors by their keys. */
      readonly isStorageNode: boolean;
    }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      readonly prefix: string;
      readonly region: string;
      readonly endpoint: string | null;
      readonly login: Static<typeof S3Login>;
    }
  | (Server & { readonly kind: 'ftp'; readonly isSecure: boolean; readonly login: Static<typeof FtpLogin> })
  | (Server & { readonly kind: 'sftp'; readonly login: Static<typeof SftpLogin> })
  | { readonly kind: 'folder'; readonly dir: string }
);

interface Server {
  readonly host: string;
  readonly port: number;
  readonly prefix: string;
}

export type HttpLogin = Static<typeof HttpLogin>;

const Text = Type.String({ minLength: 1 });
const ca = Type.Optional(Type.String({ pattern: '^\\s*-----BEGIN CERTIFICATE-----' }));
const strict = { additionalProperties: false };
const HttpLogin = Type.Union([
  Type.Object({ bearer: Type.String({ pattern: '^[!-~]+$' }), ca }, strict),
  Type.Object({ user: Type.String({ pattern: '^[^:]+$' }), password: Text, ca }, strict),
  Type.Object({ ca }, strict),
]);
const S3Login = Type.Object(
  { accessKeyId: Text, secretAccessKey: Text, sessionToken: Type.Optional(Text), ca },
  strict,
);
const FtpLogin = Type.Object({ user: Text, password: Text, ca }, strict);
const hostKey = Type.String({ pattern: '^SHA256:[A-Za-z0-9+/]{43}$' });
const SftpLogin = Type.Union([
  Type.Object({ user: Text, password: Text, hostKey }, strict),
  Type.Object({ user: Text, privateKey: Text, hostKey }, strict),
]);

/** Logins by the URL they are for. */
export type StorageLogins = Readonly<Record<string, unknown>>;

/** JSON: `{"<one of the URLs>": {…}}`. Throws, without repeating any of it. */
export function parseStorageLogins(text: string): StorageLogins {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('must be JSON');
  }
  if (!Value.Check(Type.Record(Type.String(), Type.Unknown()), value))
    throw new Error('must be an object from URLs to logins');
  return value;
}

/** One URL or several with commas. Throws what is wrong, without repeating a login. */
export function parseStorage(text: string, logins: StorageLogins = {}): readonly StorageSettings[] {
  const urls = text.split(',').map((url) => url.trim().replace(/\/+$/, ''));
  const unused = Object.keys(logins).filter((url) => !urls.includes(url.replace(/\/+$/, '')));
  if (unused.length > 0) throw new Error('there are logins for URLs that are not among them');
  const byUrl = new Map(Object.entries(logins).map(([url, login]) => [url.replace(/\/+$/, ''), login]));
  return urls.map((url) => parseOne(url, byUrl.get(url)));
}

function parseOne(text: string, login: unknown): StorageSettings {
  if (!URL.canParse(text)) throw new Error('each must be an absolute URL');
  const url = new URL(text);
  if (url.username || url.password || url.hash)
    throw new Error('logins do not belong into URLs, but into PANOPTES_STORAGE_CREDENTIALS');
  if (url.search && url.protocol !== 's3:') throw new Error('only s3:// URLs have a query');
  const parse = KINDS[url.protocol];
  if (!parse) throw new Error(`each must start with one of ${Object.keys(KINDS).join('//, ')}//`);
  return parse({ name: text, url, login });
}

interface Given {
  readonly name: string;
  readonly url: URL;
  readonly login: unknown;
}

function http({ name, url, login: given }: Given): StorageSettings {
  const login = given === undefined ? null : check(HttpLogin, given, name);
  const isSecret = login !== null && !('ca' in login && Object.keys(login).length === 1);
  if (isSecret && url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new Error(`${name}: a login goes over https only`);
  const isStorageNode = !name.includes('{id}');
  const template = isStorageNode ? `${name}/api/v1/files/{id}` : name;
  return { kind: 'http', name, template, login, isStorageNode, ca: login?.ca ?? null };
}

function s3({ name, url, login: given }: Given): StorageSettings {
  const login = check(S3Login, given, name);
  const region = url.searchParams.get('region');
  const endpoint = url.searchParams.get('endpoint');
  if (region === null || !/^[\w-]+$/.test(region)) throw new Error(`${name}: needs ?region=`);
  if (endpoint !== null && !/^https?:\/\/[^/?#@]+$/.test(endpoint))
    throw new Error(`${name}: its endpoint is not like https://s3.example`);
  return {
    ...{ kind: 's3', name, bucket: url.hostname, prefix: prefixOf(url), region, endpoint },
    ...{ login, ca: login.ca ?? null },
  };
}

const ftp =
  (isSecure: boolean) =>
  ({ name, url, login: given }: Given): StorageSettings => {
    const login = check(FtpLogin, given, name);
    return { kind: 'ftp', name, ...server(url, 21), isSecure, login, ca: login.ca ?? null };
  };

const sftp = ({ name, url, login: given }: Given): StorageSettings => ({
  ...{ kind: 'sftp', name, ...server(url, 22), login: check(SftpLogin, given, name), ca: null },
});

function folder({ name, url, login }: Given): StorageSettings {
  if (url.hostname !== '' || login !== undefined)
    throw new Error(`${name}: a folder has no host and no login`);
  return { kind: 'folder', name, dir: decodeURIComponent(url.pathname), ca: null };
}

const KINDS: Readonly<Record<string, ((given: Given) => StorageSettings) | undefined>> = {
  'http:': http,
  'https:': http,
  's3:': s3,
  'sftp:': sftp,
  'ftp:': ftp(false),
  'ftps:': ftp(true),
  'file:': folder,
};

/** '' or with a slash at its end. */
const prefixOf = (url: URL): string =>
  decodeURIComponent(url.pathname).replace(/^\//, '').replace(/[^/]$/, '$&/');

function server(url: URL, port: number): Server {
  const path = decodeURIComponent(url.pathname).replace(/\/*$/, '/');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: url.port === '' ? port : Number(url.port), prefix: path };
}

const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host);

function check<T extends TSchema>(schema: T, login: unknown, name: string): Static<T> {
  if (login === undefined) throw new Error(`${name}: needs a login in PANOPTES_STORAGE_CREDENTIALS`);
  if (Value.Check(schema, login)) return login;
  throw new Error(`${name}: its login has not the members it needs`);
}
