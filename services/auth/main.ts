import { readCommandLine, runService, serviceHelp } from '../../shared/runtime/index.ts';
import { readConfig, SETTINGS } from './config.ts';
import { startAuth } from './start.ts';

const HELP = serviceHelp({
  name: 'auth',
  about:
    'The auth node: reads from the chain who somebody is, and signs role tokens that say so. Run by the lead.',
  settings: SETTINGS,
  documents: 'README.md says',
});

readCommandLine(HELP, {});
await runService(async () => startAuth(readConfig()));
