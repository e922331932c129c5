import { pino, type Logger } from 'pino';

export type { Logger };

export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One JSON object a line on stdout. Nothing logs a URL, a header or a body: they can hold tokens. */
export function createLog(service: string, level: LogLevel): Logger {
  return pino({ level, base: { service }, serializers: { err: describeError } });
}

/** What another machine or the system has done to a connection or a file: where in here it was noticed tells nobody anything. */
const isOutside = (error: Error): boolean =>
  'syscall' in error || ('code' in error && /^(?:08|28|57P)/.test(String(error.code)));

/** Only what an error says: drivers hang connections, settings and whole queries on theirs. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name: type, message, stack, cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const where = isOutside(error) ? {} : { stack };
  return {
    type,
    message,
    ...code,
    ...where,
    ...(cause === undefined ? {} : { cause: describeError(cause) }),
  };
}
