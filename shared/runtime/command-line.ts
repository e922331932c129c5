import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

/** A call that is not understood. Its message is one line for who typed it, and holds nothing they typed but names of options. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Exit code of a call that is not understood. */
export const WRONG_USAGE = 2;

/** The options of a program that takes nothing else. Throws UsageError. */
export function parseCommandLine<const T extends Options>(args: readonly string[], options: T): Values<T> {
  return understand(options, () => parseArgs({ args: [...args], options, allowPositionals: false }).values);
}

/** The same beside words without a `--`. Throws UsageError. */
export function parseWordsAndOptions<const T extends Options>(
  args: readonly string[],
  options: T,
): { readonly words: readonly string[]; readonly values: Values<T> } {
  return understand(options, () => {
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { words: positionals, values };
  });
}

const HELP = { help: { type: 'boolean', short: 'h', default: false } } as const;

/**
 * What a program was told on its command line, before it does anything: `--help` prints `help` and ends it with 0,
 * what `read` does not understand (it throws UsageError) ends it with 2 and one line that says so.
 */
export function readCommandLine<const T extends Options, R = Values<T>>(
  help: string,
  options: T,
  read?: (values: Values<T>) => R,
): R {
  try {
    const args = process.argv.slice(2);
    if (args.includes('--help') || args.includes('-h')) {
      process.stdout.write(help);
      process.exit(0);
    }
    const values = parseCommandLine(args, { ...options, ...HELP });
    return read ? read(values) : (values as R);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}. See --help\n`);
    process.exit(WRONG_USAGE);
  }
}

/** Node quotes an argument that it cannot place, which may be an URL with a password. */
function understand<T>(options: Options, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
      throw new UsageError('an argument has no option before it');
    const option = /'(?:-\w, )?(--?[\w-]+)/.exec(message)?.[1] ?? 'it';
    const names = Object.keys(options).map((name) => `--${name}`);
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
      throw new UsageError(`${option} is no option here, only ${names.join(', ')}`);
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
      throw new UsageError(
        message.includes('does not take') ? `${option} takes no value` : `${option} needs a value`,
      );
    throw error;
  }
}
