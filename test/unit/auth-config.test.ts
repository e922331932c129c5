import { describe, expect, it } from 'vitest';
import { readConfig } from '../../services/auth/config.ts';

const SETTINGS = {
  PANOPTES_DATABASE_URL: 'postgres://panoptes@db/panoptes',
  PANOPTES_CHAIN_URL: 'wss://rpc.example/',
  PANOPTES_PUBLIC_URL: 'https://auth.example/',
  PANOPTES_SIGNING_SEED: `0x${'01'.repeat(32)}`,
  PANOPTES_CERTIFICATE: 'a.b.c',
};

describe('the settings of the auth node', () => {
  it('have the documented defaults', () => {
    expect(readConfig(SETTINGS)).toEqual({
      host: '127.0.0.1',
      port: 8090,
      logLevel: 'info',
      databaseUrl: 'postgres://panoptes@db/panoptes',
      chainUrl: ['wss://rpc.example'],
      publicUrl: 'https://auth.example',
      signingSeed: new Uint8Array(32).fill(1),
      certificate: 'a.b.c',
      tokenLifeSec: 900,
      gatewayTokenLifeSec: 86_400,
      sessionLifeSec: 86_400,
      chainAgeMsMax: 300_000,
      allowedOrigins: null,
      trustProxy: [],
      requestsPerSecMax: 20,
    });
  });

  it('name the origins that may call, or any', () => {
    const origins = (text: string) =>
      readConfig({ ...SETTINGS, PANOPTES_ALLOWED_ORIGINS: text }).allowedOrigins;
    expect(origins('https://a.example, http://localhost:3000')).toEqual([
      'https://a.example',
      'http://localhost:3000',
    ]);
    expect(origins('*')).toBeNull();
  });

  it.each([
    ['PANOPTES_PUBLIC_URL', 'auth.example'],
    ['PANOPTES_PUBLIC_URL', 'ftp://auth.example'],
    ['PANOPTES_PUBLIC_URL', 'https://auth.example/?x=1'],
    ['PANOPTES_PUBLIC_URL', 'https://me:secret@auth.example'],
    ['PANOPTES_CHAIN_URL', 'https://rpc.example'],
    ['PANOPTES_CHAIN_URL', 'wss://rpc.example,'],
    ['PANOPTES_TOKEN_LIFE_SEC', '1801'],
    ['PANOPTES_TOKEN_LIFE_SEC', '15m'],
    ['PANOPTES_GATEWAY_TOKEN_LIFE_SEC', '86401'],
    ['PANOPTES_SESSION_LIFE_SEC', '86401'],
    ['PANOPTES_ALLOWED_ORIGINS', 'https://a.example/path'],
    ['PANOPTES_ALLOWED_ORIGINS', 'a.example'],
    ['PANOPTES_PORT', '70000'],
  ])('%s cannot be %s', (name, value) => {
    expect(() => readConfig({ ...SETTINGS, [name]: value })).toThrow(name);
  });

  it.each([
    ['PANOPTES_CHAIN_URL', 'https://me:hunter2@rpc.example'],
    ['PANOPTES_CHAIN_URL', 'wss//rpc.example/hunter2'],
    ['PANOPTES_PUBLIC_URL', 'https://me:hunter2@auth.example'],
    ['PANOPTES_ALLOWED_ORIGINS', 'https://me:hunter2@app.example'],
  ])('%s is not repeated when it is malformed, for it may hold a password', (name, value) => {
    const read = () => readConfig({ ...SETTINGS, [name]: value });
    expect(read).toThrow(name);
    expect(read).not.toThrow('hunter2');
  });

  it('with a seed of another length are refused, and the message does not hold it', () => {
    const read = () => readConfig({ ...SETTINGS, PANOPTES_SIGNING_SEED: '0xc0ffee' });
    expect(read).toThrow('PANOPTES_SIGNING_SEED: must be 32 bytes');
    expect(read).not.toThrow('c0ffee');
  });
});
