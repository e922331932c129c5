import type { Setting } from './env.ts';

export interface ServiceHelp {
  /** As in `npm run <name>`. */
  readonly name: string;
  /** What it is, in a sentence. */
  readonly about: string;
  /** Options beside `--help`, and what each is. */
  readonly options?: Readonly<Record<string, string>>;
  readonly settings: readonly Setting[];
  /** Documents that say what each setting is. */
  readonly documents: string;
}

/** What `--help` prints of a service: its settings as it reads them, so that none is forgotten. */
export function serviceHelp({ name, about, options = {}, settings, documents }: ServiceHelp): string {
  const title = ({ name, isSecret }: Setting): string => `${name}${isSecret ? '[_FILE]' : ''}`;
  const required = settings.filter(({ unset }) => unset === null);
  const others = settings.filter(({ unset }) => unset !== null);
  return [
    about,
    '',
    `  npm run ${name} [-- options]`,
    '',
    ...table({ ...options, '--help': 'this text' }),
    '',
    'Settings stand in the environment; [_FILE]: or in the file that PANOPTES_…_FILE names.',
    `${documents} what each of them is. These must be set:`,
    '',
    ...required.map((setting) => `  ${title(setting)}`),
    '',
    'These hold as shown when they are not:',
    '',
    ...table(Object.fromEntries(others.map((setting) => [title(setting), setting.unset ?? '']))),
    '',
  ].join('\n');
}

function table(rows: Readonly<Record<string, string>>): string[] {
  const width = Math.max(...Object.keys(rows).map(({ length }) => length));
  return Object.entries(rows).map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
