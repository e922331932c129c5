import { asUrl, readServerSettings, readSettings, type ServerSettings } from '../../shared/runtime/index.ts';

export interface IndexerConfig extends ServerSettings {
  readonly chainUrl: string;
}

export const readConfig = (source?: NodeJS.ProcessEnv): IndexerConfig =>
  readSettings(
    (env) => ({
      ...readServerSettings(env, 8070),
      chainUrl: env.get('PANOPTES_CHAIN_URL', asUrl('ws', 'wss')),
    }),
    source,
  );
