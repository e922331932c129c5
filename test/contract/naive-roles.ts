import type { RoleClaim } from '../../shared/token/index.ts';
import type { RoleRequest } from '../../shared/wire/index.ts';
import { hexOfAddress, type RawState } from './storage.ts';

/**
 * Who is what, spelled out over the whole state at once: the model that the role checks are compared with. `null`: not
 * granted. Says nothing about prices and times, which are not in storage.
 */
export function naiveClaim(
  state: RawState,
  account: string,
  member: string | undefined,
  request: RoleRequest,
): RoleClaim | null {
  const acts = (as: string): boolean => {
    const membership = state.memberships.get(as);
    return membership !== undefined && hexOfAddress(membership.controllerAccount) === account;
  };
  const me = member !== undefined && acts(member) ? member : null;
  const works = (group: 'content' | 'app' | 'distribution', worker: string): boolean => {
    const found = state.workers[group].get(worker);
    return found !== undefined && hexOfAddress(found.roleAccountId) === account;
  };
  const lead =
    state.leads.content !== null && works('content', state.leads.content) ? state.leads.content : null;
  /** How the account owns what a channel's owner owns. */
  const owns = (
    owner: { readonly member: number } | { readonly curatorGroup: number } | undefined,
  ): { worker?: string } | null => {
    if (owner === undefined) return null;
    if ('member' in owner) return me === String(owner.member) ? {} : null;
    if (lead !== null) return { worker: `content:${lead}` };
    const group = state.curatorGroups.get(String(owner.curatorGroup));
    const worker = Object.keys(group?.curators ?? {}).find((id) => works('content', id));
    return group?.active === true && worker !== undefined ? { worker: `content:${worker}` } : null;
  };

  switch (request.role) {
    case 'member':
      return acts(request.member) ? { role: 'member', member: request.member } : null;
    case 'channel_owner': {
      const held = owns(state.channels.get(request.channel)?.owner);
      return held && { role: 'channel_owner', channel: request.channel, ...held };
    }
    case 'channel_collaborator': {
      const { channel } = request;
      const among = Object.keys(state.channels.get(channel)?.collaborators ?? {});
      return me !== null && among.includes(me) ? { role: 'channel_collaborator', channel } : null;
    }
    case 'nft_owner': {
      const video = state.videos.get(request.video);
      if (!video?.nftStatus) return null;
      const channel = String(video.inChannel);
      const { owner } = video.nftStatus;
      const held = owns('member' in owner ? owner : state.channels.get(channel)?.owner);
      return held && { role: 'nft_owner', channel, video: request.video, ...held };
    }
    case 'crt_holder': {
      const { channel } = request;
      const token = state.channels.get(channel)?.creatorTokenId ?? null;
      const amount = state.tokenAccounts.get(`${String(token)}/${String(me)}`) ?? 0n;
      return token !== null && me !== null && amount > 0n
        ? { role: 'crt_holder', channel, token: String(token), amount: amount.toString() }
        : null;
    }
    case 'curator': {
      if (!works('content', request.worker)) return null;
      const groups = request.groups.filter((id) => {
        const group = state.curatorGroups.get(id);
        return group?.active === true && Object.keys(group.curators).includes(request.worker);
      });
      const levels = (action: string): number[] => {
        const found = groups.flatMap((id) =>
          Object.entries(state.curatorGroups.get(id)!.permissionsByLevel)
            .filter(([, actions]) => JSON.stringify(actions).toLowerCase().includes(`"${action}"`))
            .map(([level]) => Number(level)),
        );
        return [...new Set(found)].sort((one, other) => one - other);
      };
      return groups.length === 0
        ? null
        : {
            role: 'curator',
            worker: `content:${request.worker}`,
            groups,
            hides: { channels: levels('hidechannel'), videos: levels('hidevideo') },
          };
    }
    case 'content_lead':
      return lead === null ? null : { role: 'content_lead', worker: `content:${lead}` };
    case 'council_member':
      return me !== null && state.council.includes(me) ? { role: 'council_member', member: me } : null;
    case 'distribution_operator': {
      const { worker } = request;
      if (!works('distribution', worker)) return null;
      const buckets = request.buckets.filter((id) =>
        state.distributionBuckets.get(id.replace(':', '/'))?.operators.includes(Number(worker)),
      );
      return { role: 'distribution_operator', worker: `distribution:${worker}`, buckets };
    }
    case 'gateway':
      return works('app', request.gateway)
        ? { role: 'gateway', gateway: request.gateway, worker: `app:${request.gateway}` }
        : null;
  }
}
