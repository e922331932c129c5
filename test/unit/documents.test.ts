import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

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

/** The settings a service reads, by its source. */
const settingsOf = (service: string): string[] => {
  const source = [
    `services/${service}/config.ts`,
    `services/${service}/limits/settings.ts`,
    'shared/runtime/server-settings.ts',
  ]
    .filter((path) => existsSync(new URL(path, ROOT)))
    .map(read)
    .join('');
  const secrets = unique(source, /secret\(\s*'(PANOPTES_[A-Z_]+)'/g);
  return [...unique(source, /'(PANOPTES_[A-Z_]+)'/g), ...secrets.map((name) => `${name}_FILE`)];
};
const SERVICES = ['auth', 'distributor', 'indexer'];
const SETTINGS_DOCUMENTS = ['README.md', 'services/distributor/README.md', 'services/operator/README.md'];

it('the documents name every setting that is required, and none that is not there', () => {
  const named = unique(SETTINGS_DOCUMENTS.map(read).join(), /`(PANOPTES_[A-Z_]+)(?:\[_FILE\])?`/g);
  const known = SERVICES.flatMap(settingsOf);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
  const required = SERVICES.flatMap((service) =>
    unique(read(`services/${service}/config.ts`), /(?:secret\(\s*'(PANOPTES_[A-Z_]+)')/g),
  );
  expect(required.filter((name) => !named.includes(name))).toEqual([]);
});

it('the compose file sets what its services read, and nothing else', () => {
  const compose = read('docker-compose.yml');
  const known = SERVICES.flatMap(settingsOf);
  const set = unique(compose, /^ {2,6}(PANOPTES_[A-Z_]+):/gm);
  expect(set.length).toBeGreaterThan(5);
  expect(set.filter((name) => !known.includes(name))).toEqual([]);
});
