/** What was asked for is not possible here; one line says why. Exit code 1. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What `--help` prints after the summary. */
  readonly usage: string;
  /** Does it, telling what it does line by line. Throws UsageError, RefusedError, or what the database says. */
  run(args: readonly string[], say: (line: string) => void): Promise<void>;
}
