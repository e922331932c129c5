import { beforeAll, describe, expect, it } from 'vitest';
import { file, type Person, type Stage } from '../stage.ts';

export function describeContent(stage: () => Stage): void {
  const channelRow = (id: number) => stage().row('select * from panoptes.channel where id = $1', id);
  const videoRow = (id: number) => stage().row('select * from panoptes.video where id = $1', id);
  const assetRows = async (channel: number) => {
    const rows = await stage().rows(
      'select id, video, kind, size, content_hash from panoptes.asset where channel = $1 order by id',
      channel,
    );
    return rows.map(({ id, video, kind, size, content_hash }) => [id, video, kind, size, content_hash]);
  };

  describe('channels and videos', () => {
    let owner: Person;
    let helper: Person;
    let channel: number;
    let video: number;
    beforeAll(async () => {
      owner = await stage().join('owner');
      helper = await stage().join('helper');
    });

    it('a channel has owner, collaborators and visibility, avatar and cover', async () => {
      const { world, view } = stage();
      const { assets, ...made } = await world.createChannel({
        owner: { member: owner.id },
        collaborators: [helper.id],
        metadata: {
          title: 'a channel',
          isPublic: true,
          avatar: file('avatar', 11),
          cover: file('cover', 12),
        },
      });
      channel = made.channel;
      expect(await (await view()).findChannel(String(channel))).toEqual({
        owner: { member: owner.member },
        collaborators: [helper.member],
        creatorToken: null,
        privilegeLevel: 0,
        dataObjects: [assets.avatar, assets.cover].map(String),
      });
      expect(await channelRow(channel)).toMatchObject({
        owner_member: owner.member,
        owner_group: null,
        collaborators: [helper.member],
        privilege_level: 0,
        creator_token: null,
        is_public: true,
        is_censored: false,
      });
      expect(await assetRows(channel)).toEqual([
        [String(assets.avatar), null, 'avatar', '11', file('avatar').hash],
        [String(assets.cover), null, 'cover', '12', file('cover').hash],
      ]);
      expect(await (await view()).findDataObject(String(channel), String(assets.avatar))).toEqual({
        size: 11n,
        hash: file('avatar').hash,
        accepted: true,
      });
    });

    it('a channel about which nothing is said is not public; its owner stays owner', async () => {
      const { world } = stage();
      const silent = await world.createChannel({ owner: { member: owner.id }, metadata: {} });
      expect(await channelRow(silent.channel)).toMatchObject({
        owner_member: owner.member,
        is_public: false,
      });
    });

    it('an update that does not mention visibility leaves it; one that does changes it', async () => {
      const { world } = stage();
      await world.updateChannel({ channel, metadata: { title: 'another title' } });
      expect(await channelRow(channel)).toMatchObject({ is_public: true });
      await world.updateChannel({ channel, metadata: { isPublic: false } });
      expect(await channelRow(channel)).toMatchObject({ is_public: false });
      const { assets } = await world.updateChannel({ channel, metadata: { avatar: file('newer', 13) } });
      expect(await channelRow(channel)).toMatchObject({ is_public: false });
      expect(await assetRows(channel)).toContainEqual([
        String(assets.avatar),
        null,
        'avatar',
        '13',
        file('newer').hash,
      ]);
    });

    it('a collaborator who is removed has lost the role', async () => {
      const { world, view, lossesOf } = stage();
      const { block } = await world.updateChannel({ channel, collaborators: [] });
      expect((await (await view()).findChannel(String(channel)))?.collaborators).toEqual([]);
      expect((await (await view(block - 1)).findChannel(String(channel)))?.collaborators).toEqual([
        helper.member,
      ]);
      expect(await lossesOf(block)).toEqual([`member:${helper.member} channel_collaborator ${channel}`]);
      await world.updateChannel({ channel, collaborators: [helper.id] });
      expect(await channelRow(channel)).toMatchObject({ collaborators: [helper.member] });
    });

    it('a video has media, thumbnail and subtitles, in the order in which they were uploaded', async () => {
      const { world, view } = stage();
      const { assets, ...made } = await world.createVideo({
        channel,
        metadata: {
          title: 'a video',
          isPublic: true,
          media: file('media', 1_000),
          thumbnail: file('thumb', 20),
          subtitles: [file('en', 3), file('de', 4)],
        },
      });
      video = made.video;
      const ids = [assets.media, assets.thumbnail, ...(assets.subtitles ?? [])].map(String);
      expect(await (await view()).findVideo(String(video))).toEqual({
        channel: String(channel),
        nft: null,
        dataObjects: ids,
      });
      expect(await videoRow(video)).toMatchObject({
        channel: String(channel),
        is_public: true,
        is_censored: false,
      });
      const [media, thumbnail, english, german] = ids;
      expect((await assetRows(channel)).filter(([, of]) => of === String(video))).toEqual([
        [media, String(video), 'media', '1000', file('media').hash],
        [thumbnail, String(video), 'thumbnail', '20', file('thumb').hash],
        [english, String(video), 'subtitle', '3', file('en').hash],
        [german, String(video), 'subtitle', '4', file('de').hash],
      ]);
    });

    it('a video changes its visibility and gets another thumbnail', async () => {
      const { world } = stage();
      const { assets } = await world.updateVideo({
        video,
        metadata: { isPublic: false, thumbnail: file('thumb2', 21) },
      });
      expect(await videoRow(video)).toMatchObject({ is_public: false });
      expect(await assetRows(channel)).toContainEqual([
        String(assets.thumbnail),
        String(video),
        'thumbnail',
        '21',
        file('thumb2').hash,
      ]);
    });

    it('moderators hide and show a channel and a video, which storage does not tell', async () => {
      const { world, raw } = stage();
      const before = (await raw()).videos.get(String(video));
      await world.hideChannel({ channel, hidden: true });
      await world.hideVideo({ video, hidden: true });
      expect(await channelRow(channel)).toMatchObject({ is_censored: true, is_public: false });
      expect(await videoRow(video)).toMatchObject({ is_censored: true, is_public: false });
      expect((await raw()).videos.get(String(video))).toEqual(before);
      await world.hideChannel({ channel, hidden: false });
      await world.hideVideo({ video, hidden: false });
      expect(await channelRow(channel)).toMatchObject({ is_censored: false });
      expect(await videoRow(video)).toMatchObject({ is_censored: false });
    });

    it("what is deleted is gone with its files, and is nobody's: not member 0's", async () => {
      const { world, view, api, lossesOf } = stage();
      const short = await world.createChannel({
        owner: { member: owner.id },
        metadata: { isPublic: true, avatar: file('short') },
      });
      const lost = await world.createVideo({
        channel: short.channel,
        metadata: { isPublic: true, media: file('lost') },
      });
      expect(await assetRows(short.channel)).toHaveLength(2);
      const before = await view();
      await world.deleteVideo({ video: lost.video });
      expect(await videoRow(lost.video)).toBeUndefined();
      expect(await assetRows(short.channel)).toHaveLength(1);
      const { block } = await world.deleteChannel({ channel: short.channel });
      expect(await channelRow(short.channel)).toBeUndefined();
      expect(await assetRows(short.channel)).toEqual([]);
      expect(await lossesOf(block)).toEqual([`member:${owner.member} channel_owner ${short.channel}`]);

      // The trap: read as a stock client does by default, it belongs to member 0.
      const channelById = api.query.content!.channelById!;
      expect((await channelById(short.channel)).toJSON()).toMatchObject({ owner: { member: 0 } });
      const after = await view();
      expect(await after.findChannel(String(short.channel))).toBeNull();
      expect(await after.findVideo(String(lost.video))).toBeNull();
      expect(await after.findDataObject(String(short.channel), String(short.assets.avatar))).toBeNull();
      expect(await before.findChannel(String(short.channel))).not.toBeNull();
    });

    it('what never was is nothing', async () => {
      const view = await stage().view();
      const never = '999999';
      expect(await view.findChannel(never)).toBeNull();
      expect(await view.findVideo(never)).toBeNull();
      expect(await view.findCuratorGroup(never)).toBeNull();
      expect(await view.findWorker('content', never)).toBeNull();
      expect(await view.findTokenAccount(never, '0')).toBeNull();
      expect(await view.findDataObject(never, '0')).toBeNull();
    });

    it('a channel that is transferred is no longer its old owner’s', async ({ skip }) => {
      const { world, lossesOf } = stage();
      skip(world.refusals.transferChannel !== undefined, world.refusals.transferChannel);
      const sold = await world.createChannel({ owner: { member: owner.id }, metadata: {} });
      const { block } = await world.transferChannel({ channel: sold.channel, owner: { member: helper.id } });
      expect(await channelRow(sold.channel)).toMatchObject({ owner_member: helper.member });
      expect(await lossesOf(block)).toEqual([`member:${owner.member} channel_owner ${sold.channel}`]);
    });
  });
}
