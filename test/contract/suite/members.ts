import { describe, expect, it } from 'vitest';
import type { Stage } from '../stage.ts';

export function describeMembers(stage: () => Stage): void {
  describe('members', () => {
    it('the first member is 0 and is a member like any other', async ({ skip }) => {
      const { world, zero, view, row } = stage();
      skip(!world.isNew, 'this chain was used before: its first member is somebody else');
      expect(zero.id).toBe(0);
      const root = world.account('root of zero');
      expect(await (await view()).findMembership('0')).toEqual({ controller: zero.account, root });
      expect(await row('select controller from panoptes.membership where id = 0')).toEqual({
        controller: zero.account,
      });
    });

    it('move to another controller, and what was attested to the old one is over', async () => {
      const { world, join, view, row, lossesOf } = stage();
      const mover = await join('mover');
      const controller = world.account('the new wallet of mover');
      const { block } = await world.updateAccounts({ member: mover.id, controller });
      expect(await (await view()).findMembership(mover.member)).toMatchObject({ controller });
      expect(await (await view(block - 1)).findMembership(mover.member)).toMatchObject({
        controller: mover.account,
      });
      expect(await row('select controller from panoptes.membership where id = $1', mover.id)).toEqual({
        controller,
      });
      expect(await lossesOf(block)).toEqual([`member:${mover.member} *`]);
    });

    it('keep their roles when the root account alone changes', async () => {
      const { world, join, view, lossesOf } = stage();
      const keeper = await join('keeper');
      const root = world.account('the new root of keeper');
      const { block } = await world.updateAccounts({ member: keeper.id, root });
      expect(await (await view()).findMembership(keeper.member)).toEqual({
        controller: keeper.account,
        root,
      });
      expect(await lossesOf(block)).toEqual([]);
    });

    it('that nobody has joined as are nobody', async () => {
      expect(await (await stage().view()).findMembership('999999')).toBeNull();
    });
  });
}
