import { describe, expect, it } from 'vitest';
import { readConfig } from '../../services/distributor/config.ts';
import { bytesToHex } from '../../shared/token/index.ts';

const ROOT = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
const required = {
  PANOPTES_DATABASE_URL: 'postgres://user:hunter2@localhost/panoptes',
  PANOPTES_ROOT_KEY: ROOT,
  PANOPTES_DISTRIBUTOR_ID: '0',
  PANOPTES_CACHE_DIR: '/var/cache/panoptes',
  PANOPTES_STORAGE_URLS: 'https://a.example/storage/, https://b.example',
};

describe('the settings of a distributor', () => {
  it('have defaults for all but what only the operator knows', () => {
    expect(readConfig(required)).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      storage: [
        {
          ...{ kind: 'http', name: 'https://a.example/storage', login: null, isStorageNode: true, ca: null },
          template: 'https://a.example/storage/api/v1/files/{id}',
        },
        { name: 'https://b.example' },
      ],
      nodeSeed: null,
      fetchesMax: 32,
      sendBytesMax: 67_108_864,
      fetchesWaitingMax: 1_000,
      sourceIdleMsMax: 10_000,
      sourceBytesPerSecMin: 65_536,
      sourceRetryMs: 5_000,
      stateDir: '/var/cache/panoptes/state',
      saveMs: 300_000,
      checkMs: 2_000,
      defaultPolicy: 'public',
      policyAgeMsMax: 30_000,
      chainAgeMsMax: 300_000,
      clockLeewaySec: 5,
      trustProxy: [],
      countryHeader: null,
      cookie: 'panoptes',
      query: 'token',
      prefix: '/t',
      maxAgeSec: 60,
      buckets: 'all',
    });
  });

  it('take the root as an address or as a key', () => {
    const { rootKey } = readConfig(required);
    expect(bytesToHex(rootKey)).toBe('0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d');
    expect(readConfig({ ...required, PANOPTES_ROOT_KEY: bytesToHex(rootKey) }).rootKey).toEqual(rootKey);
  });

  it.each([
    ['all', 'all'],
    ['worker:0', { worker: '0' }],
    ['0:1, 12:0', { buckets: ['0:1', '12:0'] }],
  ])('say whose files it serves: %s', (text, buckets) => {
    expect(readConfig({ ...required, PANOPTES_BUCKETS: text }).buckets).toEqual(buckets);
  });

  it('are all missed at once', () => {
    let said = '';
    try {
      readConfig({});
    } catch (error) {
      said = String(error);
    }
    for (const name of Object.keys(required)) expect(said).toContain(name);
  });

  it.each([
    ['PANOPTES_ROOT_KEY', '0x12'],
    ['PANOPTES_ROOT_KEY', `${ROOT.slice(0, -1)}Z`],
    ['PANOPTES_STORAGE_URLS', 'ftp://a.example'],
    ['PANOPTES_STORAGE_URLS', 'https://a.example,,'],
    ['PANOPTES_DEFAULT_POLICY', 'open'],
    ['PANOPTES_BUCKETS', '0:1,2'],
    ['PANOPTES_BUCKETS', 'worker:'],
    ['PANOPTES_BUCKETS', '0:01'],
    ['PANOPTES_CACHE_BYTES_MAX', '20G'],
    ['PANOPTES_TRUST_PROXY', 'everybody'],
    ['PANOPTES_TRUST_PROXY', '10.0.0.0/33'],
    ['PANOPTES_COUNTRY_HEADER', 'cf-ipcountry'],
    ['PANOPTES_COOKIE', 'a b'],
    ['PANOPTES_PREFIX', 't'],
    ['PANOPTES_PREFIX', '/api'],
    ['PANOPTES_PREFIX', '/a/b'],
    ['PANOPTES_ALLOWED_ORIGINS', '*'],
    ['PANOPTES_ALLOWED_ORIGINS', 'https://app.example/'],
    ['PANOPTES_MAX_AGE_SEC', '-1'],
    ['PANOPTES_TYPO', '1'],
  ])('refuse %s=%s', (name, value) => {
    expect(() => readConfig({ ...required, [name]: value })).toThrow(name);
  });

  it('never repeat a secret', () => {
    expect(() =>
      readConfig({ ...required, PANOPTES_DATABASE_URL: 'mysql://user:hunter2@localhost' }),
    ).toThrow(/^(?![^]*hunter2)[^]*PANOPTES_DATABASE_URL/);
  });
});
