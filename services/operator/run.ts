import { UsageError } from '../../shared/runtime/index.ts';
import type { Command } from './command.ts';

export interface Output {
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** Exit codes: it is done; it could not be done; the command line is wrong. */
const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

/** Runs one command line and answers the exit code. Whatever goes wrong is told in one line. */
export async function run(
  commands: readonly Command[],
  [name, ...args]: readonly string[],
  { say, complain }: Output,
): Promise<number> {
  if (name === '--help' || name === '-h' || name === 'help') {
    say(overview(commands));
    return DONE;
  }
  const command = commands.find((known) => known.name === name);
  if (!command) {
    complain(
      `panoptes: ${name === undefined ? 'which command?' : 'there is no such command.'} See panoptes --help`,
    );
    return WRONG_USAGE;
  }
  if (args.includes('--help') || args.includes('-h')) {
    say(`${command.summary}\n\n${command.usage.trimEnd()}`);
    return DONE;
  }
  try {
    await command.run(args, say);
    return DONE;
  } catch (error) {
    const wrongUsage = error instanceof UsageError;
    const pointer = wrongUsage ? `. See panoptes ${command.name} --help` : '';
    complain(`panoptes ${command.name}: ${describe(error)}${pointer}`);
    return wrongUsage ? WRONG_USAGE : FAILED;
  }
}

const overview = (commands: readonly Command[]): string => {
  const width = Math.max(0, ...commands.map(({ name }) => name.length));
  return [
    'panoptes: commands for those who run the databases.',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'panoptes <command> --help says more. Exit codes: 0 done, 1 could not be done, 2 wrong usage.',
  ].join('\n');
};

/** What an error says, in one line: drivers hang settings and passwords on theirs, and write over several lines. */
function describe(error: unknown): string {
  // A host with several addresses fails once for each, in an error without a message of its own.
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const messages = causes.map((cause) => (cause instanceof Error ? cause.message : String(cause)));
  return `${messages.join('; ').replace(/\s+/g, ' ').trim()}${adviceOn(error)}`;
}

/** Of Postgres: undefined_table, invalid_schema_name. */
const NOT_THERE = ['42P01', '3F000'];

const adviceOn = (error: unknown): string =>
  error instanceof Error && 'code' in error && NOT_THERE.includes(String(error.code))
    ? ': is this the database of an indexer or auth node, as new as this program?'
    : '';
