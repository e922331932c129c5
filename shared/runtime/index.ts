export {
  asInteger,
  asList,
  asOneOf,
  asText,
  asUrl,
  childEnv,
  readSettings,
  SettingsError,
  type Env,
} from './env.ts';
export { findOutsideCause, runService, StartError, type Running } from './lifecycle.ts';
export { createLog, LOG_LEVELS, type Logger, type LogLevel } from './log.ts';
export { readServerSettings, type ServerSettings } from './server-settings.ts';
