import { asInteger, asOneOf, asText, asUrl, type Env } from './env.ts';
import { LOG_LEVELS, type LogLevel } from './log.ts';

/** What every service is told: where to listen, how much to say, which database. */
export interface ServerSettings {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly databaseUrl: string;
}

export const readServerSettings = (env: Env, defaultPort: number): ServerSettings => ({
  host: env.get('PANOPTES_HOST', asText, '127.0.0.1'),
  port: env.get('PANOPTES_PORT', asInteger(0, 65_535), defaultPort),
  logLevel: env.get('PANOPTES_LOG_LEVEL', asOneOf(...LOG_LEVELS), 'info'),
  databaseUrl: env.secret('PANOPTES_DATABASE_URL', asUrl('postgres', 'postgresql')),
});
