import { hexToU8a } from '@polkadot/util';
import { asAddressBlock } from '../../shared/http/index.ts';
import {
  asInteger,
  asList,
  asText,
  asUrl,
  listSettings,
  readServerSettings,
  readSettings,
  type Env,
  type ServerSettings,
} from '../../shared/runtime/index.ts';

export interface AuthConfig extends ServerSettings {
  /** Of several, the first is preferred. */
  readonly chainUrl: string | readonly string[];
  /** The URL clients use, without a trailing slash: sign-in messages and proofs are checked against it. */
  readonly publicUrl: string;
  /** 32 bytes: the secret of the signing key. */
  readonly signingSeed: Uint8Array;
  /** The root's certificate of the signing key. */
  readonly certificate: string;
  readonly tokenLifeSec: number;
  /** Of tokens that attest `gateway` and nothing else. */
  readonly gatewayTokenLifeSec: number;
  readonly sessionLifeSec: number;
  /** Oldest finalized block that roles are read at: a node that hangs behind must not attest the past. */
  readonly chainAgeMsMax: number;
  /** Origins whose pages may call this node; `null` means any. */
  readonly allowedOrigins: readonly string[] | null;
  /** Whom to believe about `X-Forwarded-For`: addresses and CIDR blocks. */
  readonly trustProxy: readonly string[];
  /** Of one address; 0: as many as it likes. A failed sign-in counts as ten, ten roles as one more. */
  readonly requestsPerSecMax: number;
}

const asSeed = (text: string): Uint8Array => {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new Error('must be 32 bytes in 0x hex');
  return hexToU8a(text);
};

/** Origins as browsers send them (RFC 6454); `null` for `*`, any. */
const asOrigins = (text: string): readonly string[] | null => {
  const origins = asList((origin) => origin)(text);
  if (origins.includes('*')) return null;
  if (origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin)) return origins;
  throw new Error('must be origins such as https://app.example, or *');
};

/** It is the `iss` of every token. */
const ISSUER_CHARS_MAX = 128;

/** Nothing but where it is: people sign this text, and paths are appended to it. */
const asPublicUrl = (text: string): string => {
  const url = asUrl('http', 'https')(text);
  const { search, hash, username, password } = new URL(url);
  if (search || hash || username || password) throw new Error('must be a URL without query and credentials');
  if (url.length > ISSUER_CHARS_MAX) throw new Error(`must be at most ${ISSUER_CHARS_MAX} characters`);
  return url;
};

const fromEnv = (env: Env): AuthConfig => ({
  ...readServerSettings(env, 8090),
  chainUrl: env.get('PANOPTES_CHAIN_URL', asList(asUrl('ws', 'wss'))),
  publicUrl: env.get('PANOPTES_PUBLIC_URL', asPublicUrl),
  signingSeed: env.secret('PANOPTES_SIGNING_SEED', asSeed),
  certificate: env.secret('PANOPTES_CERTIFICATE', asText),
  tokenLifeSec: env.get('PANOPTES_TOKEN_LIFE_SEC', asInteger(60, 1_800), 900),
  gatewayTokenLifeSec: env.get('PANOPTES_GATEWAY_TOKEN_LIFE_SEC', asInteger(60, 86_400), 86_400),
  sessionLifeSec: env.get('PANOPTES_SESSION_LIFE_SEC', asInteger(300, 86_400), 86_400),
  chainAgeMsMax: env.get('PANOPTES_CHAIN_AGE_MS_MAX', asInteger(1_000, 86_400_000), 300_000),
  allowedOrigins: env.get('PANOPTES_ALLOWED_ORIGINS', asOrigins, null),
  trustProxy: env.get('PANOPTES_TRUST_PROXY', asList(asAddressBlock), []),
  requestsPerSecMax: env.get('PANOPTES_REQUESTS_PER_SEC_MAX', asInteger(0, 1_000_000), 20),
});

export const SETTINGS = listSettings(fromEnv);

/** Throws SettingsError. */
export const readConfig = (source?: NodeJS.ProcessEnv): AuthConfig => readSettings(fromEnv, source);
