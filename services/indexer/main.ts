import { runService } from '../../shared/runtime/index.ts';
import { readConfig } from './config.ts';
import { startIndexer } from './start.ts';

await runService(async () => startIndexer(readConfig()));
