import { SettingsError } from './env.ts';

/** A running service: `url` where it listens, dispose to stop it gracefully. */
export interface Running extends AsyncDisposable {
  readonly url: string;
  /** How long stopping may take before the process is ended. */
  readonly stopMsMax?: number;
}

/** A service cannot start, for a reason outside of it that the message says. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const GRACE_MS = 10_000;

/**
 * Starts a service as a process: prints one line `{"listening": url}` when ready, stops it once on SIGINT, SIGTERM or
 * when a parent that spawned it with an IPC channel is gone, and exits 1 with a plain message when it cannot start.
 * `isQuiet`: tells only its parent.
 */
export async function runService(
  start: () => Promise<Running>,
  { isQuiet = false }: { readonly isQuiet?: boolean } = {},
): Promise<void> {
  let stopping = false;
  let running: Running | undefined;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), running?.stopMsMax ?? GRACE_MS).unref();
    void Promise.resolve(running?.[Symbol.asyncDispose]()).then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (process.channel) process.on('disconnect', stop);
  try {
    running = await start();
    if (!isQuiet) console.log(JSON.stringify({ listening: running.url }));
    process.send?.({ listening: running.url });
  } catch (error) {
    const cause = findOutsideCause(error);
    if (error instanceof SettingsError) console.error(error.message);
    else console.error(cause === null ? error : `The service cannot start: ${cause}`);
    process.exit(1);
  }
}

/** What to say of a port that is taken, a database that refuses and the like, which need no stack; `null` for faults of ours. */
export function findOutsideCause(error: unknown): string | null {
  if (error instanceof StartError) return error.message;
  if (!(error instanceof Error && 'code' in error) || String(error.code).startsWith('ERR_')) return null;
  // A host with several addresses fails once for each, in an error without a message of its own.
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return causes.map(describe).join('; ');
}

/** What to do when a service cannot listen where it was told to. */
const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Set PANOPTES_PORT to another port, or end the program that listens there',
  EADDRNOTAVAIL: 'Set PANOPTES_HOST to an address of this machine',
  EACCES: 'Set PANOPTES_PORT to a port at which this user may listen',
};

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { syscall, code = '' } = cause as NodeJS.ErrnoException;
  const remedy = syscall === 'listen' || syscall === 'bind' ? REMEDIES[code] : undefined;
  return remedy === undefined ? cause.message : `${cause.message}. ${remedy}`;
}
