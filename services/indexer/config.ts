import {
  asInteger,
  asOneOf,
  asText,
  asUrl,
  LOG_LEVELS,
  readSettings,
  type LogLevel,
} from '../../shared/runtime/index.ts';

export interface IndexerConfig {
  readonly host: string;
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly databaseUrl: string;
  readonly chainUrl: string;
}

export const readConfig = (source?: NodeJS.ProcessEnv): IndexerConfig =>
  readSettings(
    (env) => ({
      host: env.get('PANOPTES_HOST', asText, '127.0.0.1'),
      port: env.get('PANOPTES_PORT', asInteger(0, 65_535), 8070),
      logLevel: env.get('PANOPTES_LOG_LEVEL', asOneOf(...LOG_LEVELS), 'info'),
      databaseUrl: env.secret('PANOPTES_DATABASE_URL', asUrl('postgres', 'postgresql')),
      chainUrl: env.get('PANOPTES_CHAIN_URL', asUrl('ws', 'wss')),
    }),
    source,
  );
