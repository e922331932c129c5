import { startVitest } from 'vitest/node';

const SKIPPED = `Nothing says where the real Joystream runtime is. Set one of

  JOYSTREAM_CHAIN_SPEC=<path>   a raw chain spec, to start one under chopsticks for the time of the tests; for example
                                network-tests/data/chain-spec-raw.json of https://github.com/Joystream/orion
  JOYSTREAM_WS=ws://…           a node that runs already, under chopsticks, with funds of //Bob to spend

Chopsticks is installed once into the folder for temporary files; JOYSTREAM_CHOPSTICKS=<folder> names one that has it in
its node_modules instead. JOYSTREAM_RECORD=1 writes test/contract/layout.txt from the runtime that is met.

0 passed, 0 failed, 1 skipped
`;

const { JOYSTREAM_WS, JOYSTREAM_CHAIN_SPEC } = process.env;
if (JOYSTREAM_WS || JOYSTREAM_CHAIN_SPEC) {
  await startVitest('test', [], { config: 'test/joystream/vitest.config.ts', run: true, watch: false });
} else {
  process.stdout.write(SKIPPED);
}
