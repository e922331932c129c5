import { afterEach, describe, expect, it } from 'vitest';
import { closeServer, createServer, parseAddressBlocks } from '../../shared/http/index.ts';
import { createLog } from '../../shared/runtime/index.ts';

describe('address blocks', () => {
  const isLocal = parseAddressBlocks(['127.0.0.0/8', '10.1.2.3', 'fd00::/8', '::1']);

  it.each(['127.0.0.1', '127.255.0.1', '10.1.2.3', 'fd12::1', '::1', '::ffff:127.0.0.1'])(
    'hold %s',
    (address) => {
      expect(isLocal(address)).toBe(true);
    },
  );
  it.each([
    '128.0.0.1',
    '10.1.2.4',
    'fe80::1',
    '::2',
    '::ffff:10.1.2.4',
    '',
    'localhost',
    '127.1',
    '127.0.0.1/8',
  ])('do not hold %j', (address) => {
    expect(isLocal(address)).toBe(false);
  });
  it('hold nobody when there are none', () => {
    expect(parseAddressBlocks([])('127.0.0.1')).toBe(false);
  });
  it.each(['', 'x', '1.2.3', '1.2.3.4/33', '1.2.3.4/', '1.2.3.4/-1', '1.2.3.4/8/8', '::/129', '1.2.3.4/1e1'])(
    'are not %j',
    (block) => {
      expect(() => parseAddressBlocks([block])).toThrow(/must be/);
    },
  );
});

describe('closing a server', () => {
  const app = createServer({ log: createLog('test', 'silent'), bodyBytesMax: 100 });
  afterEach(() => app.close());

  it('cuts answers that do not end in time', async () => {
    let begun = (): void => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    app.get('/', () => {
      begun();
      return new Promise(() => undefined);
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const answer = fetch(url);
    answer.catch(() => undefined);
    await hasBegun;
    await closeServer(app, 20);
    await expect(answer).rejects.toThrow();
  });
});
