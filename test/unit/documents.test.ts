import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SETTINGS as auth } from '../../services/auth/config.ts';
import { SETTINGS as distributor } from '../../services/distributor/config.ts';
import { SETTINGS as indexer } from '../../services/indexer/config.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  'services/distributor/README.md',
  'services/operator/README.md',
  'test/vectors/README.md',
];
const unique = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, found]) => found ?? '')),
];

it.each(DOCUMENTS)('%s names files and folders that exist', (document) => {
  const text = read(document);
  const paths = unique(text, /`((?:services|shared|test|bench)\/[\w./-]+)`/g);
  expect(paths.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  const links = unique(text, /\]\((?!https?:)([^)#]+)\)/g);
  expect(links.filter((link) => !existsSync(new URL(link, new URL(document, ROOT))))).toEqual([]);
});

it.each(DOCUMENTS)('%s names commands that exist', (document) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = unique(read(document), /\bnpm run (?:--silent )?([a-z:]+)/g);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

it.each(['indexer', 'auth', 'distributor'])(
  '%s gets the same options of Node from docker-compose.yml',
  (name) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const [, own = ''] = /^exec node (.*)--import tsx /.exec(scripts[name] ?? '') ?? [];
    const command = [...own.split(' ').filter(Boolean), `services/${name}/main.ts`];
    expect(read('docker-compose.yml')).toContain(
      `command: [${command.map((word) => `'${word}'`).join(', ')}]`,
    );
  },
);

const SETTINGS = [...auth, ...distributor, ...indexer];
const KNOWN = SETTINGS.flatMap(({ name, isSecret }) => (isSecret ? [name, `${name}_FILE`] : [name]));
const SETTINGS_DOCUMENTS = ['README.md', 'services/distributor/README.md', 'services/operator/README.md'];

it('the documents name every setting, and none that is not there', () => {
  const texts = SETTINGS_DOCUMENTS.map(read).join();
  const named = unique(texts, /`(PANOPTES_[A-Z_]+)(?:\[_FILE\])?(?:=[^`]*)?`/g);
  expect(named.filter((name) => !KNOWN.includes(name))).toEqual([]);
  expect(SETTINGS.filter(({ name }) => !named.includes(name))).toEqual([]);
  const inFiles = unique(texts, /`(PANOPTES_[A-Z_]+)\[_FILE\]`/g);
  expect(inFiles.sort()).toEqual(
    [...new Set(SETTINGS.filter(({ isSecret }) => isSecret).map(({ name }) => name))].sort(),
  );
});

it('the compose file sets what its services read, and nothing else', () => {
  const compose = read('docker-compose.yml');
  const set = unique(compose, /^ {2,6}(PANOPTES_[A-Z_]+):/gm);
  expect(set.length).toBeGreaterThan(5);
  expect(set.filter((name) => !KNOWN.includes(name))).toEqual([]);
});
