import { parseArgs } from 'node:util';
import { asUrl } from '../../shared/runtime/index.ts';
import { UsageError } from './command.ts';

/**
 * The options of a command, all of the form `--name value`; every one in `required` must be there. Throws UsageError,
 * whose message never holds a value.
 */
export function parseOptions<R extends string, O extends string = never>(
  args: readonly string[],
  names: { readonly required: readonly R[]; readonly optional?: readonly O[] },
): Readonly<Record<R, string> & Partial<Record<O, string>>> {
  const known = [...names.required, ...(names.optional ?? [])];
  const values = parseText(args, known);
  const missing = names.required.filter((name) => (values[name] ?? '') === '');
  if (missing.length > 0) throw new UsageError(`${missing.map((name) => `--${name}`).join(', ')} required`);
  // Everything required is there, and nothing but texts.
  return values as Record<R, string> & Partial<Record<O, string>>;
}

function parseText(args: readonly string[], known: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(known.map((name) => [name, { type: 'string' as const }]));
  try {
    return { ...parseArgs({ args: [...args], options, allowPositionals: false }).values };
  } catch (error) {
    // Node quotes an argument that it cannot place, which may be a URL with a password.
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
      throw new UsageError('an argument has no option before it');
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') throw new UsageError('an option has no value');
    throw new UsageError(`the options are ${known.map((name) => `--${name}`).join(', ')}`);
  }
}

/** A `postgres://` URL. The error says which option it was, and nothing of its value. */
export function parseDatabaseUrl(option: string, text: string): string {
  try {
    return asUrl('postgres', 'postgresql')(text);
  } catch (error) {
    throw new UsageError(`--${option} ${error instanceof Error ? error.message : 'is no URL'}`);
  }
}
