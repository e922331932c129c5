import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiPromise } from '@polkadot/api';
import { connectApi } from '../support/dev-chain.ts';
import { createSender, type Sender } from './sender.ts';

const MEMBER = { Member: 0 };
const TRANSFER = { newCollaborators: new Map(), price: 0, newOwner: MEMBER };

/**
 * Calls that the runtime's own filter refuses to everybody, with arguments of the right types: why the suite does not
 * have them happen. One that is let through some day belongs into the suite.
 */
const CALLS: readonly (readonly [name: string, args: readonly unknown[]])[] = [
  ['content.initializeChannelTransfer', [1, MEMBER, TRANSFER]],
  ['content.destroyNft', [MEMBER, 1]],
  ['content.updateCuratorGroupPermissions', [1, new Map()]],
  ['content.updateChannelPrivilegeLevel', [1, 1]],
  ['content.setChannelPausedFeaturesAsModerator', [{ Lead: null }, 1, [], '0x']],
];

export function describeFilter(url: string): void {
  describe('the call filter of the runtime refuses', () => {
    let api: ApiPromise;
    let sender: Sender;
    beforeAll(async () => {
      api = await connectApi(url);
      sender = createSender(api, () => undefined);
    });
    afterAll(() => api.disconnect());

    it.each(CALLS)('%s', async (name, args) => {
      await expect(sender.send(sender.bank, sender.call(name, ...args))).rejects.toThrow('CallFiltered');
    });
  });
}
