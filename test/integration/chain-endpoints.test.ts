import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import { createCleanup, type Cleanup } from '../../shared/base/index.ts';
import { ChainUnavailableError, ForeignChainError, openChain, type Chain } from '../../shared/chain/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { createTokenRequest, post, signIn, startTestAuth } from '../support/auth-node.ts';
import { account } from '../support/dev-chain.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { startRpcProxy, type RpcMessage, type RpcProxy } from '../support/rpc-proxy.ts';
import { until } from '../support/until.ts';
import { createTestWallet } from '../support/wallets.ts';

const log = createLog('test', 'silent');

let cleanup: Cleanup = createCleanup();
let devChain: DevChain;
let first: RpcProxy;
let second: RpcProxy;
beforeEach(async () => {
  devChain = cleanup.use(await startDevChain({ blockMs: 0, log }));
  [first, second] = [
    cleanup.use(await startRpcProxy(devChain.url)),
    cleanup.use(await startRpcProxy(devChain.url)),
  ];
});
afterEach(async () => {
  await cleanup[Symbol.asyncDispose]();
  cleanup = createCleanup();
});

const open = async (options: Partial<Parameters<typeof openChain>[0]> = {}): Promise<Chain> =>
  cleanup.use(await openChain({ url: [first.url, second.url], log, requestTimeoutMs: 2_000, ...options }));
const changing =
  (method: string, change: (result: unknown) => unknown) =>
  (message: RpcMessage): RpcMessage =>
    message.method === method ? { ...message, result: change(message.result) } : message;
const isElsewhere = (chain: Chain, position: number) =>
  until(`endpoint ${String(position)} is in use`, () => chain.endpoint() === position);

describe('of several endpoints', () => {
  it('the first is asked, and another one while it is away; a request that was under way is answered', async () => {
    const chain = await open();
    await devChain.build(2);
    expect((await chain.finalizedHead()).number).toBe(2);
    expect(chain.endpoint()).toBe(1);
    expect(second.requests.size).toBe(0);

    first.setFault(() => null);
    const asked = chain.finalizedHead();
    await until('it is asked', () => (first.requests.get('chain_getFinalizedHead') ?? 0) > 1);
    first.cut();
    expect((await asked).number).toBe(2);
    expect(chain.endpoint()).toBe(2);

    second.cut();
    await expect(chain.finalizedHead()).rejects.toThrow(ChainUnavailableError);
    first.setFault(null);
    first.resume();
    await isElsewhere(chain, 1);
    expect((await chain.finalizedHead()).number).toBe(2);
  });

  it('one that cannot be reached at the start does not matter', async () => {
    first.cut();
    const chain = await open();
    expect(chain.endpoint()).toBe(2);
    expect(chain.genesisHash).toBe(devChain.genesisHash);
  });

  it('one that does not answer in time is left', async () => {
    const chain = await open({ requestTimeoutMs: 500 });
    await devChain.build();
    first.setFault((message) => (message.method === 'state_queryStorageAt' ? null : message));
    expect((await chain.finalizedHead()).number).toBe(1);
    expect(chain.endpoint()).toBe(2);
  });

  it('one that serves another chain is never believed; when all do, that is an error', async () => {
    first.setFault(changing('chain_getBlockHash', () => account(7)));
    const chain = await open({ genesisHash: devChain.genesisHash });
    expect(chain.endpoint()).toBe(2);

    const opening = open({ genesisHash: account(9) });
    await expect(opening).rejects.toThrow(ForeignChainError);
    await expect(opening).rejects.toMatchObject({ message: expect.stringContaining('another chain') });
  });

  it.each([
    ['parent', 'parentHash', account(3)],
    ['state', 'stateRoot', account(3)],
    ['number', 'number', '0x5'],
  ])('one that lies about the %s of a block is left', async (_what, name, value) => {
    const chain = await open();
    await devChain.build(3);
    first.setFault(changing('chain_getHeader', (header) => ({ ...(header as object), [name]: value })));
    expect((await chain.finalizedHead()).number).toBe(3);
    expect(chain.endpoint()).toBe(2);

    await devChain.build(); // what it said of the block before is believed
    second.setFault(changing('chain_getHeader', (header) => ({ ...(header as object), [name]: value })));
    await expect(chain.finalizedHead()).rejects.toThrow(ChainUnavailableError);
  });

  it('one that finalizes nothing more is left', async () => {
    const still = cleanup.use(await startDevChain({ blockMs: 0, log }));
    const chain = await open({ url: [still.url, devChain.url], stallMsMax: 300 });
    expect(chain.endpoint()).toBe(1);
    await devChain.build(5);
    await isElsewhere(chain, 2);
    expect((await chain.finalizedHead()).number).toBe(5);
  });

  it('one with another history alone is left, and followed blocks go on', async () => {
    const other = cleanup.use(await startDevChain({ blockMs: 0, log }));
    const chain = await open({ url: [first.url, other.url] });
    await devChain.build(3);
    await other.world.buyMembership({ handle: 'somebody else', controller: account(1) });
    await other.build(8);
    const numbers: number[] = [];
    const hashes: string[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const block of chain.followFinalized({ from: 1, signal: stop.signal })) {
        numbers.push(block.number);
        hashes.push(block.hash);
      }
    })();
    await until('three blocks', () => numbers.length === 3);
    first.cut();
    first.resume();
    await devChain.build(3);
    await until('six blocks', () => numbers.length === 6);
    stop.abort();
    await following;
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6]);
    expect(hashes.at(-1)).toBe(devChain.finalizedHead().hash);
  });

  it('what one said to be final is not read from another one that does not say so', async () => {
    const clock = () => 0; // alike as long as what happens in them is
    const main = cleanup.use(await startDevChain({ blockMs: 0, clock, log }));
    const behind = cleanup.use(await startDevChain({ blockMs: 0, finalityLagBlocks: 3, clock, log }));
    first = cleanup.use(await startRpcProxy(main.url));
    second = cleanup.use(await startRpcProxy(behind.url));
    const expected: string[] = [];
    while (expected.length < 10) expected.push((await main.build()).hash);
    await behind.build(7);
    await behind.world.buyMembership({ handle: 'on a fork', controller: account(1) });
    expect(behind.finalizedHead()).toEqual({ number: 5, hash: expected[4] });
    expect(behind.best().number).toBe(8);

    // Answers about its head, and falls silent at the fourth block.
    const unsaid = new Set<unknown>(expected.slice(3));
    first.setFault((message) =>
      message.method === 'chain_getBlockHash' && unsaid.has(message.result) ? null : message,
    );
    const chain = await open({ requestTimeoutMs: 1_000 });
    const hashes: string[] = [];
    const heads: number[] = [];
    const stop = new AbortController();
    const following = (async () => {
      const blocks = chain.followFinalized({
        from: 1,
        signal: stop.signal,
        onHead: (head) => heads.push(head),
      });
      for await (const { hash } of blocks) hashes.push(hash);
    })();
    following.catch(() => undefined);
    await until('five blocks', () => hashes.length >= 5);
    await until(
      'the other one is asked again',
      () => hashes.length > 5 || heads.filter((head) => head === 5).length >= 2,
    );
    expect(hashes).toEqual(expected.slice(0, 5));

    await behind.build(2);
    await until('seven blocks', () => hashes.length >= 7);
    second.cut();
    first.setFault(null);
    await until('ten blocks', () => hashes.length >= 10);
    stop.abort();
    await following;
    expect(hashes).toEqual(expected);
  });
});

it('an auth node is unavailable only when no endpoint answers', async () => {
  const database = cleanup.use(await createTestDatabase());
  const ada = createTestWallet('ada');
  await devChain.world.buyMembership({ handle: 'ada', controller: ada.account });
  const auth = cleanup.use(
    await startTestAuth({ databaseUrl: database.url, chainUrl: [first.url, second.url] }),
  );
  const session = await signIn(auth.url, ada);
  const roles = [{ role: 'member' as const, member: '0' }];
  const ask = async () =>
    (await post(`${auth.url}/v1/tokens`, createTokenRequest(auth.url, session, { roles }))).status;
  expect(await ask()).toBe(200);
  first.cut();
  expect(await ask()).toBe(200);
  second.cut();
  expect(await ask()).toBe(503);
  first.resume();
  await expect.poll(ask, { timeout: 15_000 }).toBe(200);
});
