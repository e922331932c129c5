import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RefusedError, type Command } from '../../services/operator/command.ts';
import { COMMANDS } from '../../services/operator/commands.ts';
import { parseDatabaseUrl, parseOptions } from '../../services/operator/options.ts';
import { run } from '../../services/operator/run.ts';

const SECRET = 'hunter2';
const URL_WITH_SECRET = `postgres://u:${SECRET}@127.0.0.1:1/x`;

/** Runs a command whose work is `work`, and tells all that came of it. */
async function runWith(args: readonly string[], work: Command['run'] = () => Promise.resolve()) {
  const lines = { out: [] as string[], err: [] as string[] };
  const command: Command = { name: 'work', summary: 'Works.', usage: 'panoptes work', run: work };
  const code = await run([command], args, {
    say: (line) => lines.out.push(line),
    complain: (line) => lines.err.push(line),
  });
  return { code, ...lines };
}

const readUrl: Command['run'] = async (args) => {
  const options = parseOptions(args, { required: ['database-url'], optional: ['source'] });
  parseDatabaseUrl('database-url', options['database-url']);
};

describe('a command line', () => {
  it.each([
    ['no command', []],
    ['an unknown command', ['worke']],
    ['an unknown option', ['work', '--datbase-url', URL_WITH_SECRET]],
    ['a missing option', ['work']],
    ['an empty one', ['work', '--database-url', '']],
    ['an option without a value', ['work', '--database-url']],
    ['a value without an option', ['work', URL_WITH_SECRET]],
    ['a URL of another kind', ['work', '--database-url', URL_WITH_SECRET.replace('postgres', 'http')]],
    ['no URL', ['work', '--database-url', SECRET]],
  ])('with %s is wrong usage, told in one line that holds no value', async (_, args) => {
    const { code, out, err } = await runWith(args, readUrl);
    expect({ code, out, lines: err.length }).toEqual({ code: 2, out: [], lines: 1 });
    expect(err[0]).not.toContain('\n');
    expect(err[0]).not.toContain(SECRET);
    expect(err[0]).toContain('--help');
  });

  it('that asks for help gets it, whatever else it says', async () => {
    expect((await runWith(['--help'])).out.join()).toContain('Works.');
    const { code, out } = await runWith(['work', '--nonsense', '--help'], () =>
      Promise.reject(new Error('ran')),
    );
    expect({ code, help: out.join().includes('panoptes work') }).toEqual({ code: 0, help: true });
  });

  it('that works ends with 0, and with 1 and one line when it could not', async () => {
    expect(await runWith(['work'], async (_, say) => say('done'))).toEqual({
      code: 0,
      out: ['done'],
      err: [],
    });
    const refused = await runWith(['work'], () => Promise.reject(new RefusedError('not\nhere')));
    expect(refused).toEqual({ code: 1, out: [], err: ['panoptes work: not here'] });
    const broken = await runWith(['work'], () =>
      Promise.reject(new AggregateError([new Error('a'), new Error('b')])),
    );
    expect(broken).toEqual({ code: 1, out: [], err: ['panoptes work: a; b'] });
  });
});

it('the program lists every command, and each explains itself', async () => {
  const main = fileURLToPath(new URL('../../services/operator/bin.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--help']);
  for (const { name, summary } of COMMANDS) {
    expect(stdout).toContain(name);
    expect(stdout).toContain(summary);
  }
});
