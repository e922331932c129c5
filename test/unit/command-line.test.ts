import { describe, expect, it } from 'vitest';
import {
  asInteger,
  asText,
  asUrl,
  listSettings,
  parseCommandLine,
  readSettings,
  serviceHelp,
  UsageError,
  type Env,
} from '../../shared/runtime/index.ts';

const SECRET = 'hunter2';

describe('a command line', () => {
  const OPTIONS = {
    many: { type: 'boolean', default: false },
    name: { type: 'string', short: 'n' },
  } as const;

  it.each([
    ['an unknown option', ['--manny'], '--manny is no option'],
    ['one with a value', [`--url=postgres://u:${SECRET}@h`], '--url is no option'],
    ['an unknown letter', [`-x${SECRET}`], '-x is no option'],
    ['an option without its value', ['--name'], '--name needs a value'],
    ['another option in its place', ['--name', '--many'], '--name needs a value'],
    ['a value for an option that takes none', [`--many=${SECRET}`], '--many takes no value'],
    ['a value without an option', [`postgres://u:${SECRET}@h`], 'an argument has no option before it'],
  ])('with %s is refused in one line that holds no value', (_, args, why) => {
    const attempt = () => parseCommandLine(args, OPTIONS);
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(why);
    expect(attempt).not.toThrow(SECRET);
    expect(attempt).not.toThrow('\n');
  });

  it('that is understood gives its values', () => {
    expect(parseCommandLine(['-n', 'x', '--many'], OPTIONS)).toEqual({ name: 'x', many: true });
    expect(parseCommandLine([], OPTIONS)).toEqual({ many: false });
  });
});

describe('the settings that --help lists', () => {
  const read = (env: Env) => {
    const folder = env.get('PANOPTES_B_FOLDER', asText);
    return {
      folder,
      state: env.get('PANOPTES_C_STATE', asText, `${folder}/state`),
      port: env.get('PANOPTES_D_PORT', asInteger(0, 9), 0),
      found: env.find('PANOPTES_E_FOUND', asText),
      trust: env.get<readonly string[]>('PANOPTES_F_TRUST', (text) => [text], []),
      origins: env.get<string | null>('PANOPTES_G_ORIGINS', asText, null),
      url: env.secret('PANOPTES_A_URL', asUrl('http')),
      seed: env.secret('PANOPTES_H_SEED', asText, ''),
    };
  };

  it('are those that are read, with what holds when they are unset', () => {
    expect(listSettings(read).map(({ name, isSecret, unset }) => [name.slice(9), isSecret, unset])).toEqual([
      ['A_URL', true, null],
      ['B_FOLDER', false, null],
      ['C_STATE', false, '<PANOPTES_B_FOLDER>/state'],
      ['D_PORT', false, '0'],
      ['E_FOUND', false, 'none'],
      ['F_TRUST', false, 'none'],
      ['G_ORIGINS', false, 'any'],
      ['H_SEED', true, 'none'],
    ]);
    // And reading them still says which are missing.
    expect(() => readSettings(read, {})).toThrow('PANOPTES_B_FOLDER is required');
  });

  it('stand in the help by whether they must be set', () => {
    const help = serviceHelp({
      ...{ name: 'auth', about: 'An auth node.', documents: 'README.md says' },
      settings: listSettings(read),
    });
    const [required = '', others = ''] = help.split('hold as shown');
    expect(required).toContain('  PANOPTES_A_URL[_FILE]\n  PANOPTES_B_FOLDER\n');
    expect(others).toMatch(/PANOPTES_D_PORT +0\n/);
  });
});
