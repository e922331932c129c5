import type { ChainView, ChannelOwner, CuratorGroup, Video } from '../../shared/chain/index.ts';
import type { BlockFacts } from './facts.ts';

/** Roles that held before a block and do not after it. Subjects are as in tokens: `member:7`, `worker:content:3`. */
export interface Losses {
  readonly roles: readonly LostRole[];
  /** NFTs of the channel that belong to whoever owns it: these subjects do no longer. */
  readonly channelNfts: readonly { readonly channel: string; readonly subjects: readonly string[] }[];
  /** All channels of a curator group, and their NFTs in the same way. */
  readonly groupChannels: readonly { readonly group: string; readonly subjects: readonly string[] }[];
  /** Creator tokens that are no channel's any more: nobody is a holder. */
  readonly tokens: readonly string[];
}

export interface LostRole {
  readonly subject: string;
  /** `*`: every role of the subject. */
  readonly role:
    | 'channel_owner'
    | 'channel_collaborator'
    | 'nft_owner'
    | 'crt_holder'
    | 'curator'
    | 'council_member'
    | 'distribution_operator'
    | '*';
  /** Channel, video or creator token; empty where the role has none. */
  readonly object: string;
}

/** Compares the touched entities before and after a block. */
export async function findLosses(facts: BlockFacts, parent: ChainView, view: ChainView): Promise<Losses> {
  const roles: LostRole[] = [];
  const channelNfts: Losses['channelNfts'][number][] = [];
  const groupChannels: Losses['groupChannels'][number][] = [];
  const tokens: string[] = [];
  const lose = (subjects: readonly string[], role: LostRole['role'], object: string): void => {
    for (const subject of subjects) roles.push({ subject, role, object });
  };

  for (const id of facts.channels.keys()) {
    const before = await parent.findChannel(id);
    if (!before) continue;
    const now = await view.findChannel(id);
    const owners = without(await ownersOf(parent, before.owner), await ownersOf(view, now?.owner));
    lose(owners, 'channel_owner', id);
    if (owners.length > 0) channelNfts.push({ channel: id, subjects: owners });
    const collaborators = without(before.collaborators, now?.collaborators ?? []);
    lose(collaborators.map(memberSubject), 'channel_collaborator', id);
    if (before.creatorToken !== null && before.creatorToken !== now?.creatorToken)
      tokens.push(before.creatorToken);
  }
  for (const id of facts.videos.keys()) {
    const before = await nftOwnersOf(parent, await parent.findVideo(id));
    lose(without(before, await nftOwnersOf(view, await view.findVideo(id))), 'nft_owner', id);
  }
  for (const { token, member } of facts.holdings.values()) {
    const before = (await parent.findTokenAccount(token, member))?.amount ?? 0n;
    const now = (await view.findTokenAccount(token, member))?.amount ?? 0n;
    if (now < before) lose([memberSubject(member)], 'crt_holder', token);
  }
  for (const id of facts.members) {
    const before = await parent.findMembership(id);
    if (before && before.controller !== (await view.findMembership(id))?.controller)
      lose([memberSubject(id)], '*', '');
  }
  for (const [key, { group, worker }] of facts.workers) {
    const before = await parent.findWorker(group, worker);
    if (before && before.roleAccount !== (await view.findWorker(group, worker))?.roleAccount)
      lose([`worker:${key}`], '*', '');
  }
  for (const group of facts.leads) {
    const before = await parent.findLead(group);
    if (before !== null && before !== (await view.findLead(group)))
      lose([`worker:${group}:${before}`], '*', '');
  }
  for (const group of facts.curatorGroups) {
    const subjects = without(await ownersOf(parent, { group }), await ownersOf(view, { group }));
    if (subjects.length > 0) groupChannels.push({ group, subjects });
    lose(await curatorsWithLess(parent, view, group), 'curator', '');
  }
  for (const id of facts.buckets) {
    const before = await parent.findDistributionBucket(id);
    const now = await view.findDistributionBucket(id);
    const operators = without(before?.operators ?? [], now?.operators ?? []);
    lose(
      operators.map((worker) => `worker:distribution:${worker}`),
      'distribution_operator',
      '',
    );
  }
  if (facts.isCouncilNew) {
    const members = without(await parent.councilMembers(), await view.councilMembers());
    lose(members.map(memberSubject), 'council_member', '');
  }
  return { roles, channelNfts, groupChannels, tokens };
}

const memberSubject = (member: string): string => `member:${member}`;

/** Who owns a channel: the member, or the workers of the curator group while it is active and the content lead. */
async function ownersOf(view: ChainView, owner: ChannelOwner | undefined): Promise<readonly string[]> {
  if (!owner) return [];
  if ('member' in owner) return [memberSubject(owner.member)];
  const group = await view.findCuratorGroup(owner.group);
  const lead = await view.findLead('content');
  const workers = [...(group?.active ? group.curators : []), ...(lead === null ? [] : [lead])];
  return workers.map((worker) => `worker:content:${worker}`);
}

/** Whose powers as curators have shrunk: their tokens say what they could. */
async function curatorsWithLess(parent: ChainView, view: ChainView, id: string): Promise<readonly string[]> {
  const before = await parent.findCuratorGroup(id);
  if (!before?.active) return [];
  const now = await view.findCuratorGroup(id);
  const areSame = now?.active === true && without(levels(before), levels(now)).length === 0;
  const lost = areSame ? without(before.curators, now.curators) : before.curators;
  return lost.map((worker) => `worker:content:${worker}`);
}

const levels = ({ hides }: CuratorGroup): readonly string[] => [
  ...hides.channels.map((level) => `channels ${level}`),
  ...hides.videos.map((level) => `videos ${level}`),
];

async function nftOwnersOf(view: ChainView, video: Video | null): Promise<readonly string[]> {
  if (!video?.nft) return [];
  const { owner } = video.nft;
  if (owner !== 'channel_owner') return [memberSubject(owner.member)];
  return ownersOf(view, (await view.findChannel(video.channel))?.owner);
}

const without = (before: readonly string[], now: readonly string[]): readonly string[] =>
  before.filter((subject) => !now.includes(subject));
