import cluster from 'node:cluster';
import { readCommandLine, runService, serviceHelp, UsageError } from '../../shared/runtime/index.ts';
import { asProcesses, readConfig, SETTINGS } from './config.ts';
import { startProcesses } from './processes/primary.ts';
import { startWorker } from './processes/worker.ts';
import { startDistributor } from './start.ts';

const HELP = serviceHelp({
  name: 'distributor',
  about: 'A distributor: knows who may have what, and serves it.',
  options: {
    '--processes N': 'so many processes behind one port; auto: one for each core (PANOPTES_PROCESSES)',
  },
  settings: SETTINGS,
  documents: 'README.md and services/distributor/README.md say',
});

const told = readCommandLine(HELP, { processes: { type: 'string' } }, ({ processes }) =>
  processes === undefined ? {} : { processes: readProcesses(processes) },
);
const config = () => ({ ...readConfig(), ...told });
await (cluster.isWorker
  ? runService(() => startWorker(config()), { isQuiet: true })
  : runService(() => {
      const known = config();
      return known.processes === 1 ? startDistributor(known) : startProcesses(known);
    }));

function readProcesses(text: string): number {
  try {
    return asProcesses(text);
  } catch (error) {
    throw new UsageError(`--processes ${error instanceof Error ? error.message : String(error)}`);
  }
}
