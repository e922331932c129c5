import {
  asList,
  asOneOf,
  asUrl,
  listSettings,
  readServerSettings,
  readSettings,
  type Env,
  type ServerSettings,
} from '../../shared/runtime/index.ts';

export interface IndexerConfig extends ServerSettings {
  /** Of several, the first is preferred. */
  readonly chainUrl: string | readonly string[];
  /**
   * Where empty tables begin: with every block from genesis on, which tells everything but takes an archive node and
   * hours, or with the state of the newest finalized block, which leaves out what only history tells.
   */
  readonly startFrom: 'genesis' | 'state';
}

const fromEnv = (env: Env): IndexerConfig => ({
  ...readServerSettings(env, 8070),
  chainUrl: env.get('PANOPTES_CHAIN_URL', asList(asUrl('ws', 'wss'))),
  startFrom: env.get('PANOPTES_START_FROM', asOneOf('genesis', 'state'), 'genesis'),
});

export const SETTINGS = listSettings(fromEnv);

/** Throws SettingsError. */
export const readConfig = (source?: NodeJS.ProcessEnv): IndexerConfig => readSettings(fromEnv, source);
