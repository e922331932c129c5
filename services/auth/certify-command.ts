import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hexToU8a, isHex } from '@polkadot/util';
import { mnemonicToMiniSecret, mnemonicValidate } from '@polkadot/util-crypto';
import { parseCommandLine, UsageError } from '../../shared/runtime/index.ts';
import {
  bytesToHex,
  createCertificate,
  encodeBase64url,
  generateSeed,
  isPublicKey,
  keyId,
  keyPairFromSeed,
  ROLE_NAMES,
  type RoleName,
} from '../../shared/token/index.ts';

export const USAGE = `Has the root key certify a signing key for an auth node.

  npm run certify -- --root-seed-file FILE [options]

  --root-seed-file FILE  the root's secret: 32 bytes in 0x hex, or the words of a mnemonic without a password
                         (the lead's role account is such a key). It never leaves this machine.
  --new-root             make a new root first and write it to that file, which must not exist
  --key 0x…              certify this public key (sr25519) instead of making a signing key here
  --out DIR              where the files signing-seed and certificate are written (secrets); none is overwritten
  --roles a,b            roles the key may attest (all)
  --days N               for how many days, from now (90)
  --help

Auth nodes get the two files as PANOPTES_SIGNING_SEED_FILE and PANOPTES_CERTIFICATE_FILE, distributors the root's
public key, which is printed, as PANOPTES_ROOT_KEY.
`;

const DAYS_MAX = 3_650;
/** Nodes whose clocks are a little behind accept the key at once. */
const BACKDATE_SEC = 60;

/** Runs the command and answers what to print. Throws UsageError. */
export function certify(args: readonly string[], now: Date): string {
  const options = parseOptions(args);
  if (options.help) return USAGE;
  const root = keyPairFromSeed(options['new-root'] ? makeRoot(options.rootFile) : readRoot(options.rootFile));
  const seed = options.publicKey ? null : generateSeed();
  const publicKey = seed ? keyPairFromSeed(seed).publicKey : (options.publicKey ?? new Uint8Array());

  const kid = keyId(publicKey);
  const nbf = Math.floor(now.getTime() / 1000) - BACKDATE_SEC;
  const exp = nbf + options.days * 86_400;
  const key = encodeBase64url(publicKey);
  const certificate = createCertificate({ kid, key, roles: options.roles, nbf, exp }, root);

  const { out } = options;
  mkdirSync(out, { recursive: true, mode: 0o700 });
  const files = [
    ...(options['new-root'] ? [`${options.rootFile} (keep it offline)`] : []),
    ...(seed ? [writeNew(join(out, 'signing-seed'), bytesToHex(seed))] : []),
    writeNew(join(out, 'certificate'), certificate),
  ];
  return [
    `signing key   ${kid}, ${bytesToHex(publicKey)}`,
    `may attest    ${options.roles === '*' ? 'every role' : options.roles.join(', ')}`,
    `until         ${new Date(exp * 1000).toISOString()}`,
    `written       ${files.join(', ')}`,
    `PANOPTES_ROOT_KEY=${bytesToHex(root.publicKey)}`,
    '',
  ].join('\n');
}

function parseOptions(args: readonly string[]) {
  const values = parseCommandLine(args, {
    'root-seed-file': { type: 'string' },
    'new-root': { type: 'boolean', default: false },
    key: { type: 'string' },
    out: { type: 'string', default: 'secrets' },
    roles: { type: 'string' },
    days: { type: 'string', default: '90' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  const rootFile = values['root-seed-file'];
  if (rootFile === undefined && !values.help) throw new UsageError('--root-seed-file is required');
  const days = Number(values.days);
  if (!/^\d+$/.test(values.days) || days < 1 || days > DAYS_MAX) {
    throw new UsageError(`--days must be a whole number from 1 to ${DAYS_MAX}`);
  }
  return {
    ...values,
    rootFile: rootFile ?? '',
    days,
    roles: values.roles === undefined ? ('*' as const) : values.roles.split(',').map(parseRoleName),
    publicKey: values.key === undefined ? null : parsePublicKey(values.key),
  };
}

function parseRoleName(text: string): RoleName {
  const role = ROLE_NAMES.find((name) => name === text.trim());
  if (role === undefined) throw new UsageError(`--roles: there is no role ${JSON.stringify(text)}`);
  return role;
}

function parsePublicKey(text: string): Uint8Array {
  if (isHex(text, 256) && isPublicKey(hexToU8a(text))) return hexToU8a(text);
  throw new UsageError('--key must be an sr25519 public key: 32 bytes in 0x hex');
}

function readRoot(file: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch {
    throw new UsageError(`${file} cannot be read`);
  }
  if (isHex(text, 256)) return hexToU8a(text);
  if (mnemonicValidate(text)) return mnemonicToMiniSecret(text);
  throw new UsageError(`${file} holds neither 32 bytes in 0x hex nor a valid mnemonic`);
}

function makeRoot(file: string): Uint8Array {
  const seed = generateSeed();
  writeNew(file, bytesToHex(seed));
  return seed;
}

/** Readable by its owner alone, and never in the place of another: a lost key cannot be made again. */
function writeNew(file: string, text: string): string {
  try {
    writeFileSync(file, `${text}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new UsageError(exists ? `${file} exists already` : `${file} cannot be written`);
  }
  return file;
}
