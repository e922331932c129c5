import { systemClock } from '../../../shared/base/index.ts';
import { createServer } from '../../../shared/http/index.ts';
import { createLog } from '../../../shared/runtime/index.ts';
import { serveControl } from './control.ts';
import { createMethods } from './rpc/methods.ts';
import { openSockets } from './rpc/sockets.ts';
import { createSubscriptions } from './rpc/subscriptions.ts';
import { createRuntimes } from './runtime.ts';
import type { Block } from './state/block.ts';
import { createLedger, type Ledger } from './state/ledger.ts';
import type { BlockRef, DevChain, DevChainOptions } from './types.ts';
import { createWorldState } from './world/change.ts';
import { putGenesis } from './world/genesis.ts';
import { createWorld } from './world/world.ts';

const CONTROL_BODY_BYTES_MAX = 1024 * 1024;
const HISTORY_BLOCKS_MAX = 100_000;

/** Starts a development chain at its genesis, on 127.0.0.1. The JSON-RPC and the control interface share a port. */
export async function startDevChain(options: DevChainOptions = {}): Promise<DevChain> {
  const { port = 0, blockMs = 1_000, finalityLagBlocks = 0, historyBlocksMax = HISTORY_BLOCKS_MAX } = options;
  const { clock = systemClock, log = createLog('devnet-chain', 'silent') } = options;
  const runtimes = createRuntimes();
  const { codec } = runtimes;
  const state = createWorldState(codec);
  const { delta: genesis } = state.change(0, [putGenesis]);
  const plain = createLedger({
    codec,
    finalityLagBlocks,
    // What is not final yet must be there to be finalized.
    historyBlocksMax: Math.max(historyBlocksMax, finalityLagBlocks + 2),
    clock,
    genesis,
  });
  const ledger: Ledger = {
    ...plain,
    append: (operations, changes) => {
      const migrated = runtimes.takeMigration() ? state.migrate() : [];
      const block = plain.append(operations, new Map([...migrated, ...changes]));
      if (operations.some(({ remark }) => remark.startsWith('upgradeRuntime ')))
        runtimes.upgradeAfter(block.number);
      return block;
    },
  };
  const world = createWorld(ledger, state);
  const build = async (count = 1): Promise<BlockRef> => {
    for (let i = 0; i < count; i++) ledger.append([], new Map());
    return refOf(ledger.best());
  };

  const app = createServer({ log, bodyBytesMax: CONTROL_BODY_BYTES_MAX });
  serveControl(app, { world, build });
  const sockets = openSockets(app.server, {
    methods: createMethods(ledger, runtimes.after),
    subscriptions: createSubscriptions(ledger, runtimes.after),
    log,
  });
  const controlUrl = await app.listen({ port, host: '127.0.0.1' });
  const timer = blockMs > 0 ? setInterval(() => void build(), blockMs) : undefined;

  return {
    url: controlUrl.replace(/^http/, 'ws'),
    controlUrl,
    genesisHash: ledger.genesisHash,
    world,
    build,
    best: () => refOf(ledger.best()),
    finalizedHead: () => refOf(ledger.finalized()),
    finalized: (block) => whenFinalized(ledger, block),
    dropConnections: () => sockets.dropAll(),
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await sockets[Symbol.asyncDispose]();
      await app.close();
    },
  };
}

function refOf({ number, hash }: Block): BlockRef {
  return { number, hash };
}

function whenFinalized(ledger: Ledger, number: number): Promise<void> {
  return new Promise((resolve) => {
    if (ledger.finalized().number >= number) {
      resolve();
      return;
    }
    const stop = ledger.listen({
      onFinalized: (block) => {
        if (block.number < number) return;
        stop();
        resolve();
      },
    });
  });
}
