import { asUrl, parseCommandLine, UsageError } from '../../shared/runtime/index.ts';

/**
 * The options of a command, all of the form `--name value`; every one in `required` must be there. Throws UsageError,
 * whose message never holds a value.
 */
export function parseOptions<R extends string, O extends string = never>(
  args: readonly string[],
  names: { readonly required: readonly R[]; readonly optional?: readonly O[] },
): Readonly<Record<R, string> & Partial<Record<O, string>>> {
  const known = [...names.required, ...(names.optional ?? [])];
  const values: Readonly<Record<string, string | undefined>> = parseCommandLine(
    args,
    Object.fromEntries(known.map((name) => [name, { type: 'string' as const }])),
  );
  const missing = names.required.filter((name) => (values[name] ?? '') === '');
  if (missing.length > 0) throw new UsageError(`${missing.map((name) => `--${name}`).join(', ')} required`);
  // Everything required is there, and nothing but texts.
  return values as Record<R, string> & Partial<Record<O, string>>;
}

/** A `postgres://` URL. The error says which option it was, and nothing of its value. */
export function parseDatabaseUrl(option: string, text: string): string {
  try {
    return asUrl('postgres', 'postgresql')(text);
  } catch (error) {
    throw new UsageError(`--${option} ${error instanceof Error ? error.message : 'is no URL'}`);
  }
}
