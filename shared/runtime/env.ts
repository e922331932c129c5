import { readFileSync } from 'node:fs';

/** A setting that is missing or malformed is fatal, and all of them are reported at once. */
export class SettingsError extends Error {
  constructor(problems: readonly string[]) {
    super(['The settings are not usable:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    this.name = 'SettingsError';
  }
}

type Parse<T> = (text: string) => T;

export interface Env {
  /** The parsed setting, or `fallback` when unset (`null`: any will do). Without a fallback the setting is required. */
  get<T>(name: string, parse: Parse<T>, fallback?: T): T;
  /** The parsed setting, or `null` when unset. */
  find<T>(name: string, parse: Parse<T>): T | null;
  /**
   * A secret, from `NAME` or from the file that `NAME_FILE` names. Its value never appears in a message. `unset`: what
   * to parse when there is neither; without it the setting is required.
   */
  secret<T>(name: string, parse: Parse<T>, unset?: string): T;
}

/**
 * Reads settings by `read` and throws one SettingsError naming everything that is wrong.
 * The only place that looks at `process.env`; unknown `PANOPTES_*` names are refused, since they are mostly typos.
 */
export function readSettings<T>(read: (env: Env) => T, source: NodeJS.ProcessEnv = process.env): T {
  const problems: string[] = [];
  const known = new Set<string>();

  const take = <V>(name: string, text: string, parse: Parse<V>, secret: boolean): V | undefined => {
    try {
      return parse(text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const isQuotable = !secret && !mayHoldLogin(name, text);
      problems.push(isQuotable ? `${name}: ${why} (got ${JSON.stringify(text)})` : `${name}: ${why}`);
      return undefined;
    }
  };
  const look = (name: string): string | undefined => {
    known.add(name);
    const text = source[name];
    return text === undefined || text === '' ? undefined : text;
  };
  // A value of the wrong shape is never returned to the outside: readSettings throws before.
  const env: Env = {
    get: <V>(name: string, parse: Parse<V>, fallback?: V): V => {
      const text = look(name);
      if (text !== undefined) return take(name, text, parse, false) as V;
      if (fallback === undefined) problems.push(`${name} is required`);
      return fallback as V;
    },
    find: <V>(name: string, parse: Parse<V>): V | null => {
      const text = look(name);
      return text === undefined ? null : (take(name, text, parse, false) ?? null);
    },
    secret: <V>(name: string, parse: Parse<V>, unset?: string): V => {
      const file = look(`${name}_FILE`);
      let text = look(name);
      if (text === undefined && file !== undefined) {
        text = take(`${name}_FILE`, file, (path) => readFileSync(path, 'utf8').trim(), false);
        if (text === undefined) return undefined as V;
      }
      text ??= unset;
      if (text === undefined) problems.push(`${name} or ${name}_FILE is required`);
      return (text === undefined ? undefined : take(name, text, parse, true)) as V;
    },
  };

  const settings = read(env);
  for (const name of Object.keys(source)) {
    if (name.startsWith('PANOPTES_') && !known.has(name))
      problems.push(`${name} is not a setting of this service`);
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

/** What there is to set, for `--help` and for tests that compare documents with it. */
export interface Setting {
  readonly name: string;
  /** May also stand in the file that `NAME_FILE` names. */
  readonly isSecret: boolean;
  /** What holds when it is unset, as one would write it; `null`: it must be set. */
  readonly unset: string | null;
}

/** The settings that `read` asks for, sorted by name. None of them is looked at. */
export function listSettings(read: (env: Env) => unknown): readonly Setting[] {
  const settings: Setting[] = [];
  const note = (name: string, isSecret: boolean, unset: string | null): string => {
    settings.push({ name, isSecret, unset });
    return `<${name}>`;
  };
  // What is set is not known here: a setting that others are made of is shown by its name.
  read({
    get: <V>(name: string, _: Parse<V>, fallback?: V): V => {
      const named = note(name, false, fallback === undefined ? null : showUnset(fallback));
      return fallback ?? (named as V);
    },
    find: (name) => {
      note(name, false, 'none');
      return null;
    },
    secret: <V>(name: string, _: Parse<V>, unset?: string): V =>
      note(name, true, unset === undefined ? null : 'none') as V,
  });
  return settings.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function showUnset(value: unknown): string {
  if (value === null) return 'any';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Passwords and keys stand in URLs, before the host or behind it, and a malformed one cannot be taken apart. */
const mayHoldLogin = (name: string, text: string): boolean => /_URLS?$/.test(name) || text.includes('@');

/** The environment for a child process: this one's, with exactly these `PANOPTES_*` settings. */
export function childEnv(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PANOPTES_'));
  return { ...Object.fromEntries(inherited), ...settings };
}

export const asText: Parse<string> = (text) => text;

export const asInteger =
  (min: number, max: number): Parse<number> =>
  (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < min || value > max) {
      throw new Error(`must be a whole number from ${String(min)} to ${String(max)}`);
    }
    return value;
  };

export const asOneOf =
  <T extends string>(...choices: readonly T[]): Parse<T> =>
  (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new Error(`must be one of ${choices.join(', ')}`);
    return found;
  };

/** An absolute URL with one of the given schemes, without a trailing slash. */
export const asUrl =
  (...schemes: readonly string[]): Parse<string> =>
  (text) => {
    if (!URL.canParse(text)) throw new Error('must be an absolute URL');
    if (!schemes.includes(new URL(text).protocol.slice(0, -1)))
      throw new Error(`must start with ${schemes.join(':// or ')}://`);
    return text.replace(/\/+$/, '');
  };

/** Comma-separated values. */
export const asList =
  <T>(parse: Parse<T>): Parse<readonly T[]> =>
  (text) =>
    text.split(',').map((item) => parse(item.trim()));
