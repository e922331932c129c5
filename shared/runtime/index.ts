export {
  parseCommandLine,
  parseWordsAndOptions,
  readCommandLine,
  UsageError,
  WRONG_USAGE,
} from './command-line.ts';
export {
  asInteger,
  asList,
  asOneOf,
  asText,
  asUrl,
  childEnv,
  listSettings,
  readSettings,
  SettingsError,
  type Env,
  type Setting,
} from './env.ts';
export { findOutsideCause, runService, StartError, type Running } from './lifecycle.ts';
export { createLog, LOG_LEVELS, type Logger, type LogLevel } from './log.ts';
export { serviceHelp } from './service-help.ts';
export { readServerSettings, type ServerSettings } from './server-settings.ts';
