import { afterAll, beforeAll, describe } from 'vitest';
import { openStage, type Stage } from './stage.ts';
import { describeContent } from './suite/content.ts';
import { describeLayout } from './suite/layout.ts';
import { describeMembers } from './suite/members.ts';
import { describeNfts } from './suite/nfts.ts';
import { describeOffices } from './suite/offices.ts';
import { describeTokens } from './suite/tokens.ts';
import { describeWhole } from './suite/whole.ts';
import type { World } from './world.ts';

/**
 * What the chain reader, the role checks and the indexer take a chain to be, and make of it. The development chain and
 * the real runtime pass the same suite, so that neither can drift from the other.
 */
export function describeContract(name: string, open: () => Promise<World>): void {
  describe(name, () => {
    let stage: Stage | undefined;
    beforeAll(async () => {
      stage = await openStage(open);
    });
    afterAll(() => stage?.[Symbol.asyncDispose]());
    const get = (): Stage => {
      if (!stage) throw new Error('The stage is not set yet.');
      return stage;
    };
    describeLayout(get);
    describeMembers(get);
    describeContent(get);
    describeOffices(get);
    describeNfts(get);
    describeTokens(get);
    describeWhole(get);
  });
}
