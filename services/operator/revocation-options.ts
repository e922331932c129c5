import { isId } from '../../shared/base/index.ts';
import { UsageError } from '../../shared/runtime/index.ts';
import { parseDatabaseUrl, parseOptions } from './options.ts';

/** Options that name what to revoke, and what their values look like. */
const NAMES = {
  jti: /^[\w-]{1,64}$/,
  sub: /^(?:(?:member|gateway):\d{1,16}|worker:[a-z]{1,32}:\d{1,16}|account:[1-9A-HJ-NP-Za-km-z]{1,64})$/,
  sid: /^[!#-[\]-~]{1,128}$/,
  gateway: /^\d{1,16}$/,
  kid: /^[\w-]{12}$/,
} as const;

export type Name = keyof typeof NAMES;
const KINDS = Object.keys(NAMES) as Name[];

export interface RevocationOptions {
  readonly databaseUrl: string;
  readonly kind: Name;
  readonly value: string;
  /** `''`: not given. */
  readonly days: string;
}

const SHAPES: Readonly<Record<Name, string>> = {
  jti: 'the jti of a token, as it stands there',
  sub: 'a subject is member:7, worker:content:3 or account:<address>',
  sid: 'the sid of a session, as its owner’s list shows it',
  gateway: 'the decimal id of a gateway',
  kid: 'the kid of a signing key, as tokens and certificates have it',
};

export const NAMES_USAGE = `  --jti ID          one token
  --sub SUBJECT     what a subject holds: member:7, worker:content:3, account:<address>
  --sid ID          what a session key asked for, and what was narrowed from that
  --gateway ID      what a gateway and its users hold
  --kid ID          everything a signing key has signed`;

/** Exactly one of the names. Throws UsageError, whose message holds no value. */
export function parseRevocationOptions(
  args: readonly string[],
  optional: readonly 'days'[] = [],
): RevocationOptions {
  const values = parseOptions(args, { required: ['database-url'], optional: [...KINDS, ...optional] });
  const [kind, ...others] = KINDS.filter((name) => values[name] !== undefined);
  if (kind === undefined || others.length > 0)
    throw new UsageError(`exactly one of ${KINDS.map((name) => `--${name}`).join(', ')}`);
  const value = values[kind] ?? '';
  if (!NAMES[kind].test(value) || (kind === 'gateway' && !isId(value)))
    throw new UsageError(`the value of --${kind} is none: ${SHAPES[kind]}`);
  const databaseUrl = parseDatabaseUrl('database-url', values['database-url']);
  return { databaseUrl, kind, value, days: ('days' in values ? values.days : undefined) ?? '' };
}
