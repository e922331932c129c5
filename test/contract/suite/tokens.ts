import { beforeAll, describe, expect, it } from 'vitest';
import type { Person, Stage } from '../stage.ts';

export function describeTokens(stage: () => Stage): void {
  describe('creator tokens', () => {
    let issuer: Person;
    let holder: Person;
    let friend: Person;
    let channel: number;
    let token: number;
    const lost = (person: Person) => `member:${person.member} crt_holder ${token}`;
    const row = ({ id }: Person) =>
      stage().row('select amount, since from panoptes.holding where token = $1 and member = $2', token, id);
    const account = async ({ member }: Person) =>
      (await stage().view()).findTokenAccount(String(token), member);
    /** `since`: a block; null where nothing is held. */
    const expectHeld = async (by: Person, amount: bigint, since: number | null): Promise<void> => {
      expect(await row(by)).toEqual({
        amount: amount.toString(),
        since: since === null ? null : await stage().timeOf(since),
      });
      expect(await account(by)).toEqual({ amount });
    };
    let holderSince: number;

    beforeAll(async () => {
      const { world, join } = stage();
      issuer = await join('issuer');
      holder = await join('holder');
      friend = await join('friend');
      ({ channel } = await world.createChannel({ owner: { member: issuer.id }, metadata: {} }));
    });

    it('are issued to whom the issuer says; the channel has them from now on', async () => {
      const { world, view, row: find } = stage();
      const issued = await world.issueCreatorToken({
        channel,
        allocation: [
          { member: issuer.id, amount: 1_000_000 },
          { member: friend.id, amount: 5 },
        ],
      });
      token = issued.token;
      expect((await (await view()).findChannel(String(channel)))?.creatorToken).toBe(String(token));
      expect(await find('select creator_token from panoptes.channel where id = $1', channel)).toEqual({
        creator_token: String(token),
      });
      await expectHeld(issuer, 1_000_000n, issued.block);
      await expectHeld(friend, 5n, issued.block);
    });

    it('the first creator token is 0', ({ skip }) => {
      skip(!stage().world.isNew, 'this chain was used before: it has creator tokens already');
      expect(token).toBe(0);
    });

    it('go from the issuer to somebody who had none', async () => {
      const { world, lossesOf } = stage();
      const to = [{ member: holder.id, amount: 1_000 }];
      const { block } = await world.issuerTransferCreatorToken({ token, from: issuer.id, to });
      holderSince = block;
      await expectHeld(holder, 1_000n, block);
      expect(await row(issuer)).toMatchObject({ amount: '999000' });
      expect(await lossesOf(block)).toEqual([lost(issuer)]);
    });

    it('given on in part: less is held, since as long', async () => {
      const { world, lossesOf } = stage();
      const to = [{ member: friend.id, amount: 300 }];
      const { block } = await world.transferCreatorToken({ token, from: holder.id, to });
      await expectHeld(holder, 700n, holderSince);
      expect(await row(friend)).toMatchObject({ amount: '305' });
      expect(await lossesOf(block)).toEqual([lost(holder)]);
    });

    it('are burned', async () => {
      const { world, lossesOf } = stage();
      const { block } = await world.burnCreatorToken({ token, member: holder.id, amount: 200 });
      await expectHeld(holder, 500n, holderSince);
      expect(await lossesOf(block)).toEqual([lost(holder)]);
    });

    it('an account that gave all away stays, with nothing; nobody has held since', async () => {
      const { world, raw, lossesOf } = stage();
      const to = [{ member: friend.id, amount: 500 }];
      const { block } = await world.transferCreatorToken({ token, from: holder.id, to });
      await expectHeld(holder, 0n, null);
      expect((await raw()).tokenAccounts.get(`${token}/${holder.id}`)).toBe(0n);
      expect(await lossesOf(block)).toEqual([lost(holder)]);
    });

    it('an account of nothing goes when it is dusted', async () => {
      const { world, raw } = stage();
      await world.dustCreatorTokenAccount({ token, member: holder.id });
      expect(await account(holder)).toBeNull();
      expect(await row(holder)).toBeUndefined();
      expect((await raw()).tokenAccounts.has(`${token}/${holder.id}`)).toBe(false);
    });

    it('bought and sold on the market: held since the purchase', async () => {
      const { world, lossesOf } = stage();
      const bought = await world.buyOnAmm({ token, member: holder.id, amount: 100, price: 1 });
      await expectHeld(holder, 100n, bought.block);
      expect(await lossesOf(bought.block)).toEqual([]);
      const sold = await world.sellOnAmm({ token, member: holder.id, amount: 40, price: 1 });
      await expectHeld(holder, 60n, bought.block);
      expect(await lossesOf(sold.block)).toEqual([lost(holder)]);
    });
  });
}
