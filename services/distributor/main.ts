import cluster from 'node:cluster';
import { parseArgs } from 'node:util';
import { runService } from '../../shared/runtime/index.ts';
import { asProcesses, readConfig, type DistributorConfig } from './config.ts';
import { startProcesses } from './processes/primary.ts';
import { startWorker } from './processes/worker.ts';
import { startDistributor } from './start.ts';

const HELP = `A distributor: knows who may have what, and serves it.

  npm run distributor [-- options]

  --processes N   so many processes behind one port; auto: one for each core (PANOPTES_PROCESSES, default 1)
  --help          this text

Everything else is set in the environment: see README.md and services/distributor/README.md.
`;

const config = readOptions();
await (cluster.isWorker
  ? runService(() => startWorker(config()), { isQuiet: true })
  : runService(() => {
      const known = config();
      return known.processes === 1 ? startDistributor(known) : startProcesses(known);
    }));

/** Ends the process when it is told something it does not understand. */
function readOptions(): () => DistributorConfig {
  try {
    const { values } = parseArgs({
      options: { processes: { type: 'string' }, help: { type: 'boolean', default: false } },
    });
    if (values.help) {
      process.stdout.write(HELP);
      process.exit(0);
    }
    const told = values.processes === undefined ? {} : { processes: readProcesses(values.processes) };
    return () => ({ ...readConfig(), ...told });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
}

function readProcesses(text: string): number {
  try {
    return asProcesses(text);
  } catch (error) {
    throw new Error(`--processes ${error instanceof Error ? error.message : String(error)}`);
  }
}
