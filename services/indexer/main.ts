import { readCommandLine, runService, serviceHelp } from '../../shared/runtime/index.ts';
import { readConfig, SETTINGS } from './config.ts';
import { startIndexer } from './start.ts';

const HELP = serviceHelp({
  name: 'indexer',
  about:
    'The indexer: follows the finalized blocks of a chain and keeps the tables current. One for each database.',
  settings: SETTINGS,
  documents: 'README.md says',
});

readCommandLine(HELP, {});
await runService(async () => startIndexer(readConfig()));
