import { runService } from '../../shared/runtime/index.ts';
import { readConfig } from './config.ts';
import { startAuth } from './start.ts';

await runService(async () => startAuth(readConfig()));
