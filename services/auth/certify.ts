import { certify, UsageError } from './certify-command.ts';

try {
  process.stdout.write(certify(process.argv.slice(2), new Date()));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\nSee npm run certify -- --help`);
  process.exitCode = 1;
}
