import { describe, expect, it } from 'vitest';
import {
  parseStorage,
  parseStorageLogins,
} from '../../services/distributor/assets/sources/storage-settings.ts';

const hostKey = `SHA256:${'A'.repeat(43)}`;
const S3 = { accessKeyId: 'AK', secretAccessKey: 'hunter2' };
const PASSWORD = { user: 'node', password: 'hunter2' };

describe('storage URLs', () => {
  it('say what each place is', () => {
    const urls = [
      'https://node.example/storage/',
      'https://files.example/{id}.bin',
      's3://bucket/some/prefix?region=eu-1',
      'sftp://host:2222/srv/media',
      'ftp://host',
      'ftps://host/a',
      'file:///var/media',
    ];
    const logins = {
      's3://bucket/some/prefix?region=eu-1': S3,
      'sftp://host:2222/srv/media': { ...PASSWORD, hostKey },
      'ftp://host': PASSWORD,
      'ftps://host/a': PASSWORD,
    };
    expect(parseStorage(urls.join(', '), logins)).toMatchObject([
      { kind: 'http', template: 'https://node.example/storage/api/v1/files/{id}', isStorageNode: true },
      { kind: 'http', template: 'https://files.example/{id}.bin', isStorageNode: false },
      { kind: 's3', bucket: 'bucket', prefix: 'some/prefix/', region: 'eu-1', endpoint: null },
      { kind: 'sftp', host: 'host', port: 2222, prefix: '/srv/media/' },
      { kind: 'ftp', host: 'host', port: 21, prefix: '/', isSecure: false },
      { kind: 'ftp', prefix: '/a/', isSecure: true },
      { kind: 'folder', dir: '/var/media' },
    ]);
  });

  it.each<[string, unknown?]>([
    [''],
    ['https://a.example,,'],
    ['gopher://a.example'],
    ['https://user:hunter2@a.example'],
    ['https://a.example/{id}?signature=hunter2'],
    ['https://a.example#x'],
    ['s3://bucket?region=eu-1'],
    ['s3://bucket', S3],
    ['s3://bucket?region=eu-1&endpoint=file:///etc', S3],
    ['sftp://host', PASSWORD],
    ['sftp://host', { ...PASSWORD, hostKey: 'hunter2' }],
    ['ftp://host'],
    ['ftp://host', { ...PASSWORD, typo: 'hunter2' }],
    ['file://host/etc'],
    ['http://a.example/{id}', { bearer: 'hunter2' }],
    ['https://a.example/{id}', { bearer: 'hunter2\n' }],
    ['https://a.example/{id}', { bearer: 'hunter2', user: 'node', password: 'hunter2' }],
  ])('refuse %s with %j, and repeat no secret', (url, login) => {
    const parse = (): unknown => parseStorage(url, login === undefined ? {} : { [url]: login });
    expect(parse).toThrow(/^(?![^]*hunter2)/);
  });

  it('need every login that is there to be for one of them', () => {
    expect(() => parseStorage('https://a.example', { 'https://b.example': { bearer: 'x' } })).toThrow(
      /logins/,
    );
  });
});

it.each(['', '{', '[]', '"hunter2"', 'hunter2'])('logins are no %s', (text) => {
  expect(() => parseStorageLogins(text)).toThrow(/^(?![^]*hunter2)/);
});
