import { expect, it } from 'vitest';
import { runProgram } from '../support/run-program.ts';

it.each(['auth', 'distributor', 'indexer'])(
  '%s explains itself with nothing set',
  async (name) => {
    const help = await runProgram(`services/${name}/main.ts`, ['--help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toContain(`npm run ${name}`);
    expect(help.out).toMatch(/PANOPTES_PORT +80\d0\n/);
  },
  30_000,
);

it('what is not understood starts nothing', async () => {
  const wrong = await runProgram('services/indexer/main.ts', ['--prot', '1']);
  expect(wrong).toEqual({ code: 2, out: '', err: '--prot is no option here, only --help. See --help\n' });
}, 30_000);
