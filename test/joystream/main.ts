import { startVitest } from 'vitest/node';
import { readCommandLine } from '../../shared/runtime/index.ts';

const WHERE = `
  JOYSTREAM_CHAIN_SPEC=<path>   a raw chain spec, to start one under chopsticks for the time of the tests; for example
                                network-tests/data/chain-spec-raw.json of https://github.com/Joystream/orion
  JOYSTREAM_WS=ws://…           a node that runs already, under chopsticks, with funds of //Bob to spend

Chopsticks is installed once into the folder for temporary files; JOYSTREAM_CHOPSTICKS=<folder> names one that has it in
its node_modules instead. JOYSTREAM_RECORD=1 writes test/contract/layout.txt from the runtime that is met.
`;
const HELP = `The contract suite, and the services as processes, against the real Joystream runtime. The environment says where it is:
${WHERE}`;
const SKIPPED = `Nothing says where the real Joystream runtime is. Set one of
${WHERE}
0 passed, 0 failed, 1 skipped
`;

readCommandLine(HELP, {});

const { JOYSTREAM_WS, JOYSTREAM_CHAIN_SPEC } = process.env;
if (JOYSTREAM_WS || JOYSTREAM_CHAIN_SPEC) {
  await startVitest('test', [], { config: 'test/joystream/vitest.config.ts', run: true, watch: false });
} else {
  process.stdout.write(SKIPPED);
}
