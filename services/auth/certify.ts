import { UsageError, WRONG_USAGE } from '../../shared/runtime/index.ts';
import { certify } from './certify-command.ts';

try {
  process.stdout.write(certify(process.argv.slice(2), new Date()));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}. See npm run certify -- --help`);
  process.exitCode = WRONG_USAGE;
}
