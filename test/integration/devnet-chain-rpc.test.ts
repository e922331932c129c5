import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import { openRawSocket, type RawSocket } from '../support/raw-socket.ts';

let chain: DevChain;
let client: RawSocket;
beforeAll(async () => {
  chain = await startDevChain({ blockMs: 0 });
  client = await openRawSocket(chain.url);
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await chain[Symbol.asyncDispose]();
});

const call = (method: string, params: unknown = [], id: unknown = 1) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});
const failure = (code: number, id: unknown = null) => ({ jsonrpc: '2.0', id, error: { code } });
const NO_BLOCK = `0x${'ee'.repeat(32)}`;

const BAD_MESSAGES: readonly (readonly [what: string, message: unknown, answer: unknown])[] = [
  ['no JSON', 'hello', failure(-32700)],
  ['nothing', '', failure(-32700)],
  ['half a message', '{"jsonrpc":"2.0","id":1,', failure(-32700)],
  ['a deep nest', '['.repeat(100_000), failure(-32700)],
  ['null', 'null', failure(-32600)],
  ['a number', '7', failure(-32600)],
  ['a string', '"system_chain"', failure(-32600)],
  ['an empty object', {}, failure(-32600)],
  ['version 1', { jsonrpc: '1.0', id: 1, method: 'system_chain' }, failure(-32600)],
  ['a method that is no string', { jsonrpc: '2.0', id: 1, method: 7 }, failure(-32600)],
  ['an id that is an object', { jsonrpc: '2.0', id: {}, method: 'system_chain' }, failure(-32600)],
  ['an empty batch', [], failure(-32600)],
  ['a batch too long', Array.from({ length: 1_001 }, () => call('system_chain')), failure(-32600)],
  ['an unknown method', call('author_rotateKeys'), failure(-32601, 1)],
  ['storage size', call('state_getStorageSize', ['0x00']), failure(-32601, 1)],
  ['storage hash', call('state_getStorageHash', ['0x00']), failure(-32601, 1)],
  ['a method of every object', call('constructor'), failure(-32601, 1)],
  ['a method of every object, deeper', call('__proto__'), failure(-32601, 1)],
  ['params by name', call('chain_getHeader', { hash: null }), failure(-32602, 1)],
  ['params that are text', call('chain_getHeader', 'x'), failure(-32602, 1)],
  ['a key that is no hex', call('state_getStorage', ['members']), failure(-32602, 1)],
  ['a key with half a byte', call('state_getStorage', ['0x123']), failure(-32602, 1)],
  ['no key', call('state_getStorage'), failure(-32602, 1)],
  ['a key that is a number', call('state_getStorage', [12]), failure(-32602, 1)],
  ['storage of no block', call('state_getStorage', ['0x00', NO_BLOCK]), failure(4003, 1)],
  ['metadata of no block', call('state_getMetadata', [NO_BLOCK]), failure(4003, 1)],
  ['a version of no block', call('state_getRuntimeVersion', [NO_BLOCK]), failure(4003, 1)],
  ['a page too long', call('state_getKeysPaged', ['0x', 1_001]), failure(-32602, 1)],
  ['a page of -1', call('state_getKeysPaged', ['0x', -1]), failure(-32602, 1)],
  ['a page of half', call('state_getKeysPaged', ['0x', 0.5]), failure(-32602, 1)],
  ['keys that are no list', call('state_queryStorageAt', ['0x00']), failure(-32602, 1)],
  ['keys that are a list of lists', call('state_subscribeStorage', [[['0x00']]]), failure(-32602, 1)],
  ['a block number below 0', call('chain_getBlockHash', [-1]), failure(-32602, 1)],
  ['a block number that is text', call('chain_getBlockHash', ['one']), failure(-32602, 1)],
  ['too many block numbers', call('chain_getBlockHash', [Array(1_001).fill(1)]), failure(-32602, 1)],
  ['a runtime call that is not there', call('state_call', ['Core_execute_block', '0x']), failure(4003, 1)],
  ['a runtime call without a name', call('state_call', [null, '0x']), failure(4003, 1)],
];

describe('JSON-RPC', () => {
  test.each(BAD_MESSAGES)('answers %s with its error, and goes on', async (_what, message, answer) => {
    expect(await client.ask(message)).toMatchObject(answer as object);
    expect(await client.ask(call('system_name', [], 'after'))).toMatchObject({
      id: 'after',
      result: expect.any(String) as unknown,
    });
  });

  test('answers a batch one by one, and says nothing to notifications', async () => {
    const batch = [
      call('system_chainType', [], 'a'),
      { jsonrpc: '2.0', method: 'system_chain' },
      7,
      call('nothing', [], 'b'),
    ];
    expect(await client.ask(batch)).toMatchObject([
      { id: 'a', result: 'Development' },
      failure(-32600),
      failure(-32601, 'b'),
    ]);
    client.send({ jsonrpc: '2.0', method: 'system_chain' });
    client.send([{ jsonrpc: '2.0', method: 'nothing' }]);
    expect(await client.ask(call('system_chainType', [], 'next'))).toMatchObject({ id: 'next' });
  });

  test('tells block hashes by number, by list and for the best block', async () => {
    const { hash } = await chain.build();
    const { genesisHash } = chain;
    const result = async (params: unknown) =>
      ((await client.ask(call('chain_getBlockHash', params))) as { result: unknown }).result;
    expect(await result([])).toBe(hash);
    expect(await result([null])).toBe(hash);
    expect(await result(['0x1'])).toBe(hash);
    expect(await result([[0, 1, 999_999]])).toEqual([genesisHash, hash, null]);
  });

  test('knows no block by a hash of none: null, not an error', async () => {
    expect(await client.ask(call('chain_getHeader', [NO_BLOCK]))).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: null,
    });
    expect(await client.ask(call('chain_getBlock', [NO_BLOCK]))).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: null,
    });
  });

  test('lists its methods, and answers every one of them', async () => {
    const { result } = (await client.ask(call('rpc_methods'))) as { result: { methods: string[] } };
    expect(result.methods).toContain('state_getKeysPaged');
    expect(result.methods).not.toContain('state_getStorageSize');
    await using other = await openRawSocket(chain.url);
    for (const method of result.methods) {
      other.send(call(method, [], method));
      let answer: unknown;
      do answer = await other.next();
      while (!(typeof answer === 'object' && answer !== null && 'id' in answer));
      expect(answer).toMatchObject({ id: method });
      expect(answer).not.toMatchObject({ error: { code: -32601 } });
      expect(answer).not.toMatchObject({ error: { code: -32603 } });
    }
  });

  test('sends the id of a subscription before its first notification, and stops when told', async () => {
    await using other = await openRawSocket(chain.url);
    const { result: id } = (await other.ask(call('chain_subscribeNewHeads'))) as { result: string };
    const subscription = { subscription: id };
    expect(await other.next()).toMatchObject({ method: 'chain_newHead', params: subscription });
    await chain.build();
    expect(await other.next()).toMatchObject({ method: 'chain_newHead', params: subscription });
    const end = (method: string, of: unknown) => other.ask(call(method, [of]));
    expect(await end('state_unsubscribeStorage', id)).toMatchObject({ result: false });
    expect(await end('chain_unsubscribeNewHeads', 'none')).toMatchObject({ result: false });
    expect(await end('chain_unsubscribeNewHeads', id)).toMatchObject({ result: true });
    expect(await end('chain_unsubscribeNewHeads', id)).toMatchObject({ result: false });
    await chain.build();
    expect(await other.ask(call('system_chainType', [], 'last'))).toMatchObject({ id: 'last' });
  });

  test('has a limit of subscriptions for each connection', async () => {
    await using other = await openRawSocket(chain.url);
    const many = (count: number) =>
      Array.from({ length: count }, () => call('state_subscribeRuntimeVersion'));
    await other.ask(many(1_000));
    other.send(many(25));
    let answer: unknown;
    do answer = await other.next();
    while (!Array.isArray(answer));
    expect(answer.at(23)).toMatchObject({ result: expect.any(String) as unknown });
    expect(answer.at(24)).toMatchObject(failure(-32602, 1));
  });
});

describe('connections', () => {
  test('that send binary, or too much, are closed and harm nobody', async () => {
    await using binary = await openRawSocket(chain.url);
    binary.send(Buffer.from([1, 2, 3]));
    expect(await binary.closed).toBe(1003);
    await using oversized = await openRawSocket(chain.url);
    oversized.send('x'.repeat(5 * 1024 * 1024 + 1));
    expect(await oversized.closed).toBe(1009);
    expect(await client.ask(call('system_chainType'))).toMatchObject({ result: 'Development' });
  });

  test('that do not read are cut off', async () => {
    await using slow = await openRawSocket(chain.url);
    slow.socket.pause();
    const batch = JSON.stringify(Array.from({ length: 100 }, () => call('state_getMetadata')));
    // 6 MB an answer: 16 MB may pile up at the server, and what the kernel holds comes on top.
    for (let i = 0; i < 12; i++) slow.send(batch);
    // A socket that is not read notices its end only by writing.
    await expect
      .poll(
        () => {
          slow.send('[]');
          return Promise.race([slow.closed, new Promise((resolve) => setImmediate(resolve))]);
        },
        { timeout: 10_000 },
      )
      .toBe(1006);
    expect(await client.ask(call('system_chainType'))).toMatchObject({ result: 'Development' });
  });

  test('are served side by side', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => openRawSocket(chain.url)));
    const answers = await Promise.all(clients.map((one, id) => one.ask(call('system_chainType', [], id))));
    expect(answers.map((answer) => (answer as { id: number }).id)).toEqual(clients.map((_, id) => id));
    await Promise.all(clients.map((one) => one[Symbol.asyncDispose]()));
  });
});
