import {
  asList,
  asUrl,
  readServerSettings,
  readSettings,
  type ServerSettings,
} from '../../shared/runtime/index.ts';

export interface IndexerConfig extends ServerSettings {
  /** Of several, the first is preferred. */
  readonly chainUrl: string | readonly string[];
}

export const readConfig = (source?: NodeJS.ProcessEnv): IndexerConfig =>
  readSettings(
    (env) => ({
      ...readServerSettings(env, 8070),
      chainUrl: env.get('PANOPTES_CHAIN_URL', asList(asUrl('ws', 'wss'))),
    }),
    source,
  );
