import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { startDevChain } from '../../services/devnet/chain/index.ts';
import {
  arg,
  asBytes,
  asId,
  asList,
  ChainForkError,
  ChainShapeError,
  field,
  isEvent,
  openChain,
  type Chain,
  type FinalizedBlock,
} from '../../shared/chain/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { startRpcProxy } from '../support/rpc-proxy.ts';

const log = createLog('test', 'silent');
const account = (fill: number): string => `0x${fill.toString(16).padStart(2, '0').repeat(32)}`;

/** Collects blocks in the background until told to stop. */
function collect(chain: Chain, options: Parameters<Chain['followFinalized']>[0]) {
  const blocks: FinalizedBlock[] = [];
  const stop = new AbortController();
  const done = (async () => {
    for await (const block of chain.followFinalized({ ...options, signal: stop.signal })) blocks.push(block);
  })();
  done.catch(() => undefined);
  return { blocks, done, stop: () => stop.abort(), numbers: () => blocks.map(({ number }) => number) };
}
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('following finalized blocks', () => {
  it('yields each once, in order, from the one asked for, linked to each other, with time and events', async () => {
    await using devChain = await startDevChain({ blockMs: 0, log });
    await using chain = await openChain({ url: devChain.url, log });
    await devChain.build(3);
    const followed = collect(chain, { from: 2 });
    await devChain.world.buyMembership({ handle: 'ada', controller: account(1) });
    await devChain.build(20);
    await expect.poll(() => followed.numbers(), { timeout: 10_000 }).toEqual(range(2, 24));
    followed.stop();
    await followed.done;

    for (const [index, block] of followed.blocks.slice(1).entries()) {
      expect(block.parentHash).toBe(followed.blocks[index]!.hash);
      expect(block.time.getTime()).toBeGreaterThan(followed.blocks[index]!.time.getTime());
    }
    const [event] = followed.blocks
      .flatMap(({ events }) => events)
      .filter((each) => isEvent(each, 'members', 'MembershipBought'));
    expect(event && arg(event, 0, asId)).toBe('0');
    expect(event && arg(event, 1, (params) => field(params, 'controllerAccount', asBytes))).toEqual(
      new Uint8Array(32).fill(1),
    );
    expect(() => event && arg(event, 1, asId)).toThrow(ChainShapeError);
    expect(() => event && arg(event, 9, asId)).toThrow(ChainShapeError);
    expect(() => event && arg(event, 0, asList(asId))).toThrow(ChainShapeError);
  });

  it('waits for finality', async () => {
    await using devChain = await startDevChain({ blockMs: 0, finalityLagBlocks: 2, log });
    await using chain = await openChain({ url: devChain.url, log });
    const heads: number[] = [];
    const followed = collect(chain, { from: 1, onHead: (head) => heads.push(head) });
    await devChain.build(5);
    await expect.poll(() => followed.numbers()).toEqual([1, 2, 3]);
    await devChain.build(1);
    await expect.poll(() => followed.numbers()).toEqual([1, 2, 3, 4]);
    expect(heads.at(-1)).toBe(4);
    followed.stop();
    await followed.done;
  });

  it('skips none when heads are announced late, out of step or never', async () => {
    await using devChain = await startDevChain({ blockMs: 0, log });
    await using proxy = await startRpcProxy(devChain.url);
    await using chain = await openChain({ url: proxy.url, log });
    let count = 0;
    proxy.setFault((message) =>
      message.method === 'chain_finalizedHead' && count++ % 3 !== 0 ? null : message,
    );
    const followed = collect(chain, { from: 1 });
    await devChain.build(30);
    await expect.poll(() => followed.numbers(), { timeout: 20_000 }).toEqual(range(1, 30));
    followed.stop();
    await followed.done;
  });

  it('goes on where it was through a dozen disconnects', async () => {
    await using devChain = await startDevChain({ blockMs: 0, log });
    await using proxy = await startRpcProxy(devChain.url);
    await using chain = await openChain({ url: proxy.url, log });
    const followed = collect(chain, { from: 1 });
    for (let cut = 1; cut <= 12; cut += 1) {
      proxy.cut();
      await devChain.build(2);
      proxy.resume();
      await expect.poll(() => followed.blocks.length, { timeout: 15_000, interval: 10 }).toBeGreaterThan(cut);
    }
    await expect.poll(() => followed.numbers(), { timeout: 15_000 }).toEqual(range(1, 24));
    followed.stop();
    await followed.done;
  });

  it('goes on after a node that answers with errors or nothing', async () => {
    await using devChain = await startDevChain({ blockMs: 0, log });
    await using proxy = await startRpcProxy(devChain.url);
    await using chain = await openChain({ url: proxy.url, log, requestTimeoutMs: 300 });
    await devChain.build(10);
    proxy.setFault((message) => {
      if (message.id === undefined) return message;
      const chance = Math.random();
      if (chance < 0.03) return null;
      return chance < 0.15
        ? { id: message.id, method: message.method, error: { code: -32_000, message: 'busy' } }
        : message;
    });
    const followed = collect(chain, { from: 1 });
    await expect.poll(() => followed.numbers(), { timeout: 25_000 }).toEqual(range(1, 10));
    followed.stop();
    await followed.done;
  });

  it('says so when the chain does not continue what was final', async () => {
    await using devChain = await startDevChain({ blockMs: 0, log });
    await using chain = await openChain({ url: devChain.url, log });
    await devChain.build(3);
    const goesOn = collect(chain, { from: 3, parentHash: await chain.blockHash(2) });
    await expect.poll(() => goesOn.numbers()).toEqual([3]);
    goesOn.stop();
    await goesOn.done;
    const forked = collect(chain, { from: 3, parentHash: account(9) });
    await expect(forked.done).rejects.toThrow(ChainForkError);
    await expect(forked.done).rejects.toMatchObject({ block: 3 });
    expect(forked.blocks).toEqual([]);
  });

  it('says so when a node comes back with another past', async () => {
    const port = await freePort();
    const first = await startDevChain({ port, blockMs: 0, log });
    await using chain = await openChain({ url: first.url, log });
    const followed = collect(chain, { from: 1 });
    await first.build(3);
    await expect.poll(() => followed.numbers()).toEqual([1, 2, 3]);
    await first[Symbol.asyncDispose]();

    await using second = await startDevChain({ port, blockMs: 0, log });
    expect(second.genesisHash).toBe(first.genesisHash);
    await second.build(5);
    await expect(followed.done).rejects.toMatchObject({ name: 'ChainForkError', block: 4 });
    expect(followed.numbers()).toEqual([1, 2, 3]);
  });

  it('ends when the chain is closed', async () => {
    await using devChain = await startDevChain({ blockMs: 0, log });
    const chain = await openChain({ url: devChain.url, log });
    const followed = collect(chain, { from: 1 });
    await devChain.build(1);
    await expect.poll(() => followed.numbers()).toEqual([1]);
    await chain[Symbol.asyncDispose]();
    await followed.done;
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
