import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexToU8a } from '@polkadot/util';
import { mnemonicToMiniSecret } from '@polkadot/util-crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certify } from '../../services/auth/certify-command.ts';
import { UsageError } from '../../shared/runtime/index.ts';
import { openOwnKey } from '../../services/auth/own-key.ts';
import {
  bytesToHex,
  generateKeyPair,
  keyId,
  keyPairFromSeed,
  verifyCertificate,
} from '../../shared/token/index.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const nowSec = NOW.getTime() / 1000;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'panoptes-certify-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const read = (name: string): string => readFileSync(join(dir, name), 'utf8').trim();
const rootFile = (): string => join(dir, 'root');
const run = (...more: string[]): string =>
  certify(['--root-seed-file', rootFile(), '--out', join(dir, 'out'), ...more], NOW);

describe('certify', () => {
  it('makes a root, a signing key and a certificate that an auth node starts with', () => {
    const printed = run('--new-root');
    const root = keyPairFromSeed(hexToU8a(read('root')));
    const signingSeed = hexToU8a(read('out/signing-seed'));
    const certificate = verifyCertificate(read('out/certificate'), root.publicKey);
    expect(certificate).toMatchObject({
      kid: keyId(keyPairFromSeed(signingSeed).publicKey),
      roles: '*',
      nbf: nowSec - 60,
      exp: nowSec - 60 + 90 * 86_400,
    });
    const key = openOwnKey({ signingSeed, certificate: read('out/certificate'), clock: () => NOW.getTime() });
    expect(key.mayAttest('member')).toBe(true);
    expect(printed).toContain(`PANOPTES_ROOT_KEY=${bytesToHex(root.publicKey)}`);
    expect(printed).not.toContain(read('root'));
    expect(printed).not.toContain(read('out/signing-seed'));
    for (const file of ['root', 'out/signing-seed', 'out/certificate']) {
      expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
    }
  });

  it('certifies a key made elsewhere, for some roles and days, with the words of a mnemonic', () => {
    const words = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';
    writeFileSync(rootFile(), `${words}\n`);
    const { publicKey } = generateKeyPair();
    run('--key', bytesToHex(publicKey), '--roles', 'member,channel_owner', '--days', '7');
    const root = keyPairFromSeed(mnemonicToMiniSecret(words));
    expect(verifyCertificate(read('out/certificate'), root.publicKey)).toMatchObject({
      kid: keyId(publicKey),
      roles: ['member', 'channel_owner'],
      exp: nowSec - 60 + 7 * 86_400,
    });
    expect(() => read('out/signing-seed')).toThrow('ENOENT');
  });

  it('overwrites nothing', () => {
    run('--new-root');
    const before = ['root', 'out/signing-seed', 'out/certificate'].map(read);
    expect(() => run('--new-root')).toThrow('exists already');
    expect(() => run()).toThrow('exists already');
    expect(['root', 'out/signing-seed', 'out/certificate'].map(read)).toEqual(before);
  });

  it('explains itself', () => {
    expect(certify(['--help'], NOW)).toContain('npm run certify');
  });

  it.each([
    [[], '--root-seed-file is required'],
    [['--root-seed-file', '/does/not/exist'], 'cannot be read'],
    [['--root-seed-file', 'ROOT', '--days', '0'], '--days'],
    [['--root-seed-file', 'ROOT', '--days', '1e3'], '--days'],
    [['--root-seed-file', 'ROOT', '--roles', 'emperor'], 'there is no role'],
    [['--root-seed-file', 'ROOT', '--key', '0x00'], '--key'],
    [['--root-seed-file', 'ROOT', '--key', `0x${'00'.repeat(32)}`], '--key'],
    [['--root-seed-file', 'ROOT', '--what'], '--what'],
    [['--root-seed-file', 'BAD'], 'neither'],
  ])('refuses %j', (args, why) => {
    writeFileSync(join(dir, 'ROOT'), `0x${'01'.repeat(32)}`);
    writeFileSync(join(dir, 'BAD'), 'hunter2 hunter2');
    const resolved = args.map((arg) => (['ROOT', 'BAD'].includes(arg) ? join(dir, arg) : arg));
    const attempt = (): string => certify([...resolved, '--out', join(dir, 'out')], NOW);
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(why);
    expect(attempt).not.toThrow('hunter2');
  });
});
