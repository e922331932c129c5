import { runService } from '../../shared/runtime/index.ts';
import { startDistributor } from './start.ts';
import { readConfig } from './config.ts';

await runService(async () => startDistributor(readConfig()));
