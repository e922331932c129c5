import { beforeAll, describe, expect, it } from 'vitest';
import type { Person, Stage } from '../stage.ts';

export function describeOffices(stage: () => Stage): void {
  describe('offices', () => {
    let curator: Person;
    let worker: number;
    let leaving: number;
    let group: number;
    let channel: number;
    let video: number;
    const subject = () => `worker:content:${worker}`;

    beforeAll(async () => {
      curator = await stage().join('curator');
    });

    it('the lead is a worker, 0 on a new chain; where there is none there is none', async ({ skip }) => {
      const { world, lead, view } = stage();
      skip(!world.isNew, 'this chain was used before: it has leads of its own');
      expect(lead.worker).toBe('0');
      expect(await (await view()).findLead('content')).toBe('0');
      expect(await (await view()).findLead('app')).toBeNull();
      const roleAccount = world.account('role of the app lead');
      const appointed = await world.appointLead({ group: 'app', member: lead.id, roleAccount });
      expect(appointed.worker).toBe(0);
      expect(await (await view()).findLead('app')).toBe('0');
      expect(await (await view()).findWorker('app', '0')).toEqual({
        member: lead.member,
        roleAccount,
        leaving: false,
      });
    });

    it('a worker is hired, and acts by a role account of its own', async () => {
      const { world, view } = stage();
      const roleAccount = world.account('role of the curator');
      ({ worker } = await world.setWorker({ group: 'content', member: curator.id, roleAccount }));
      expect(await (await view()).findWorker('content', String(worker))).toEqual({
        member: curator.member,
        roleAccount,
        leaving: false,
      });
    });

    it('curators are workers, with what their group may hide, level by level', async () => {
      const { world, view } = stage();
      ({ group } = await world.createCuratorGroup({
        active: true,
        permissionsByLevel: { 0: ['HideVideo', 'HideChannel'], 2: ['HideVideo'] },
      }));
      await world.addCurator({ group, worker });
      expect(await (await view()).findCuratorGroup(String(group))).toEqual({
        curators: [String(worker)],
        active: true,
        hides: { channels: [0], videos: [0, 2] },
      });
    });

    it('a group that may hide less has less to attest', async ({ skip }) => {
      const { world, view, lossesOf } = stage();
      const { updateCuratorGroupPermissions: refusal } = world.refusals;
      skip(refusal !== undefined, refusal);
      const { block } = await world.updateCuratorGroupPermissions({
        group,
        permissionsByLevel: { 0: ['HideVideo'] },
      });
      expect(await (await view()).findCuratorGroup(String(group))).toMatchObject({
        hides: { channels: [], videos: [0] },
      });
      expect(await lossesOf(block)).toEqual([`${subject()} curator`]);
    });

    it("a curator group's channel has an NFT that is the group's", async () => {
      const { world, view, row } = stage();
      ({ channel } = await world.createChannel({
        owner: { curatorGroup: group },
        metadata: { isPublic: true },
      }));
      ({ video } = await world.createVideo({
        channel,
        metadata: { isPublic: true },
        nft: { owner: null },
      }));
      expect((await (await view()).findChannel(String(channel)))?.owner).toEqual({ group: String(group) });
      expect((await (await view()).findVideo(String(video)))?.nft).toEqual({
        owner: 'channel_owner',
        status: { kind: 'idle' },
      });
      expect(
        await row('select owner_member, owner_group from panoptes.channel where id = $1', channel),
      ).toEqual({
        owner_member: null,
        owner_group: String(group),
      });
      expect(await row('select owner_member from panoptes.nft where video = $1', video)).toEqual({
        owner_member: null,
      });
    });

    it('a group that is deactivated takes everything from its curators', async () => {
      const { world, view, lossesOf } = stage();
      const { block } = await world.setCuratorGroupStatus({ group, active: false });
      expect(await (await view()).findCuratorGroup(String(group))).toMatchObject({ active: false });
      expect(await lossesOf(block)).toEqual([
        `${subject()} channel_owner ${channel}`,
        `${subject()} curator`,
        `${subject()} nft_owner ${video}`,
      ]);
      await world.setCuratorGroupStatus({ group, active: true });
    });

    it('a worker with another role account has lost what the old one held', async () => {
      const { world, view, lossesOf } = stage();
      const roleAccount = world.account('new role of the curator');
      const { block } = await world.setWorker({
        group: 'content',
        worker,
        member: curator.id,
        roleAccount,
      });
      expect(await (await view()).findWorker('content', String(worker))).toMatchObject({ roleAccount });
      expect(await lossesOf(block)).toEqual([`${subject()} *`]);
    });

    it('a curator who is removed from the group is none of its curators', async () => {
      const { world, view, lossesOf } = stage();
      const { block } = await world.removeCurator({ group, worker });
      expect((await (await view()).findCuratorGroup(String(group)))?.curators).toEqual([]);
      expect(await lossesOf(block)).toEqual([
        `${subject()} channel_owner ${channel}`,
        `${subject()} curator`,
        `${subject()} nft_owner ${video}`,
      ]);
      await world.addCurator({ group, worker });
    });

    it('a worker who is terminated is gone, while the group goes on listing it', async () => {
      const { world, view, lossesOf } = stage();
      const { block } = await world.terminateWorker({ group: 'content', worker });
      expect(await (await view()).findWorker('content', String(worker))).toBeNull();
      expect((await (await view()).findCuratorGroup(String(group)))?.curators).toEqual([String(worker)]);
      expect(await lossesOf(block)).toEqual([`${subject()} *`]);
    });

    it('a lead who has announced to leave leads on', async () => {
      const { world, lead, view, lossesOf } = stage();
      const roleAccount = world.account('role of the distribution lead');
      ({ worker: leaving } = await world.appointLead({
        group: 'distribution',
        member: lead.id,
        roleAccount,
      }));
      const { block } = await world.startLeaving({ group: 'distribution', worker: leaving });
      expect(await (await view()).findLead('distribution')).toBe(String(leaving));
      expect(await (await view()).findWorker('distribution', String(leaving))).toMatchObject({
        roleAccount,
        leaving: true,
      });
      expect(await lossesOf(block)).toEqual([]);
    });

    it('a lead whose time is up is lead no more, nor worker', async () => {
      const { world, view, lossesOf } = stage();
      const { block } = await world.exitWorker({ group: 'distribution', worker: leaving });
      expect(await (await view()).findLead('distribution')).toBeNull();
      expect(await (await view()).findWorker('distribution', String(leaving))).toBeNull();
      expect(await lossesOf(block)).toEqual([`worker:distribution:${leaving} *`]);
    });

    it('the council is who is elected', async () => {
      const { world, lead, join, view, lossesOf } = stage();
      await world.electCouncil({ members: [lead.id, curator.id] });
      expect(await (await view()).councilMembers()).toEqual([lead.member, curator.member]);
      const others: Person[] = [];
      for (const name of ['ann', 'ben', 'cleo', 'dan']) others.push(await join(`councillor ${name}`));
      const elected = [curator, ...others];
      const { block } = await world.electCouncil({ members: elected.map(({ id }) => id) });
      expect([...(await (await view()).councilMembers())].sort()).toEqual(
        elected.map(({ member }) => member).sort(),
      );
      expect(await lossesOf(block)).toEqual([`member:${lead.member} council_member`]);
    });
  });
}
