import { describe, expect, it } from 'vitest';
import { checkRole } from '../../../services/auth/roles/check-role.ts';
import { findActing } from '../../../services/auth/roles/context.ts';
import type { RoleRequest } from '../../../shared/wire/index.ts';
import { naiveClaim } from '../naive-roles.ts';
import { hexOfAddress, type RawState } from '../storage.ts';
import type { Stage } from '../stage.ts';

const HISTORY_IS_SILENT = { findNft: async () => ({}), findHolding: async () => ({}) };

/** After all of the above: everything there is, against everything that storage holds. */
export function describeWhole(stage: () => Stage): void {
  describe('as a whole', () => {
    it('every role of everybody at several blocks is what storage says', async () => {
      const { world, chain } = stage();
      const head = await world.head();
      let granted = 0;
      for (const block of [head, ...[0.3, 0.5, 0.7, 0.9].map((part) => Math.floor(head * part))]) {
        const [state, view] = [await stage().raw(block), await stage().view(block)];
        const requests = everyRequest(state);
        for (const { account, member } of everybody(state)) {
          const acting = await findActing(view, account, member);
          const context = { account, member: acting, view, acquisitions: HISTORY_IS_SILENT };
          const verdicts = await Promise.all(requests.map((request) => checkRole(request, context)));
          const claims = verdicts.map((verdict) => ('claim' in verdict ? verdict.claim : null));
          granted += claims.filter((claim) => claim !== null).length;
          expect(claims).toEqual(requests.map((request) => naiveClaim(state, account, member, request)));
        }
      }
      expect(granted).toBeGreaterThan(50);
      expect(chain.connected()).toBe(true);
    });

    it('the tables hold what storage holds, and nothing else', async () => {
      const { rows, indexed } = stage();
      const state = await stage().raw(await indexed());
      expect(await rows('select id, controller from panoptes.membership order by id')).toEqual(
        sorted(state.memberships, ([id, { controllerAccount }]) => ({
          id,
          controller: hexOfAddress(controllerAccount),
        })),
      );
      expect(
        await rows(
          `select id, owner_member, owner_group, collaborators, privilege_level, creator_token
             from panoptes.channel order by id`,
        ),
      ).toEqual(
        sorted(state.channels, ([id, { owner, collaborators, privilegeLevel, creatorTokenId }]) => ({
          id,
          owner_member: 'member' in owner ? String(owner.member) : null,
          owner_group: 'curatorGroup' in owner ? String(owner.curatorGroup) : null,
          collaborators: Object.keys(collaborators),
          privilege_level: privilegeLevel,
          creator_token: creatorTokenId === null ? null : String(creatorTokenId),
        })),
      );
      expect(await rows('select id, channel from panoptes.video order by id')).toEqual(
        sorted(state.videos, ([id, { inChannel }]) => ({ id, channel: String(inChannel) })),
      );
      expect(await rows('select video, channel, owner_member from panoptes.nft order by video')).toEqual(
        sorted(state.videos, ([video, { inChannel, nftStatus }]) => ({
          video,
          channel: String(inChannel),
          owner_member: nftStatus && 'member' in nftStatus.owner ? String(nftStatus.owner.member) : null,
        })).filter(({ video }) => state.videos.get(video)?.nftStatus),
      );
      expect(
        (await rows('select token, member, amount from panoptes.holding')).map(
          ({ token, member, amount }) => `${String(token)}/${String(member)} ${String(amount)}`,
        ),
      ).toEqual(
        expect.arrayContaining(
          [...state.tokenAccounts].map(([key, amount]) => `${key} ${amount.toString()}`),
        ),
      );
      expect(await rows('select 1 from panoptes.holding')).toHaveLength(state.tokenAccounts.size);
    });

    it('the tables hold every file of a channel or video, with size and content id', async () => {
      const { rows, indexed } = stage();
      const state = await stage().raw(await indexed());
      const expected = [
        ...[...state.channels].flatMap(([channel, { dataObjects }]) =>
          dataObjects.map((id) => ({ id, channel, video: null })),
        ),
        ...[...state.videos].flatMap(([video, { inChannel, dataObjects }]) =>
          dataObjects.map((id) => ({ id, channel: String(inChannel), video })),
        ),
      ]
        .sort((one, other) => one.id - other.id)
        .map(({ id, channel, video }) => {
          const { size, hash } = state.dataObjects.get(`${channel}/${id}`)!;
          return { id: String(id), channel, video, size: size.toString(), content_hash: hash };
        });
      expect(expected.length).toBeGreaterThanOrEqual(8);
      expect(
        await rows('select id, channel, video, size, content_hash from panoptes.asset order by id'),
      ).toEqual(expected);
    });

    it('asks nodes for what every node of Substrate answers', () => {
      const asked = [...stage().asked];
      expect(asked).toContain('state_queryStorageAt');
      // A client of the node may have these; not every node does.
      expect(asked.filter((method) => /StorageSize|StorageHash|dev_|archive|unstable/.test(method))).toEqual(
        [],
      );
    });
  });
}

/** Everybody who acts for anybody, as whom they are, and as nobody. */
function everybody(state: RawState): { account: string; member: string | undefined }[] {
  const controllers = [...state.memberships].map(([member, { controllerAccount }]) => ({
    account: hexOfAddress(controllerAccount),
    member,
  }));
  const roleAccounts = Object.values(state.workers).flatMap((workers) =>
    [...workers.values()].map(({ roleAccountId }) => ({
      account: hexOfAddress(roleAccountId),
      member: undefined,
    })),
  );
  const [first] = controllers;
  const impostor = first ? [{ account: `0x${'5a'.repeat(32)}`, member: first.member }] : [];
  const withoutMember = controllers.map(({ account }) => ({ account, member: undefined }));
  return [...controllers, ...roleAccounts, ...impostor, ...withoutMember];
}

/** Every role of everything that is there, and of something that is not. */
function everyRequest(state: RawState): RoleRequest[] {
  const never = '999999';
  const groups = [...state.curatorGroups.keys(), never];
  return [
    ...[...state.memberships.keys(), never].map((member) => ({ role: 'member' as const, member })),
    ...[...state.channels.keys(), never].flatMap((channel) => [
      { role: 'channel_owner' as const, channel },
      { role: 'channel_collaborator' as const, channel },
      { role: 'crt_holder' as const, channel },
    ]),
    ...[...state.videos.keys(), never].map((video) => ({ role: 'nft_owner' as const, video })),
    ...[...state.workers.content.keys(), never].map((worker) => ({
      role: 'curator' as const,
      worker,
      groups,
    })),
    ...[...state.workers.app.keys(), never].map((gateway) => ({ role: 'gateway' as const, gateway })),
    { role: 'content_lead' },
    { role: 'council_member' },
  ];
}

function sorted<T, R>(of: ReadonlyMap<string, T>, row: (entry: [string, T]) => R): R[] {
  return [...of].sort(([one], [other]) => Number(one) - Number(other)).map(row);
}
