import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The options of a program of the tests; `null`, with why and how it is used on stderr, when it is given others. */
export function readOptions<const T extends NonNullable<ParseArgsConfig['options']>>(
  options: T,
  usage: string,
): ReturnType<typeof parseArgs<{ options: T }>>['values'] | null {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return null;
  }
}
