import { pino, type Logger } from 'pino';

export type { Logger };

export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One JSON object a line on stdout. Nothing logs a URL, a header or a body: they can hold tokens. */
export function createLog(service: string, level: LogLevel): Logger {
  return pino({ name: service, level, base: { service } });
}
