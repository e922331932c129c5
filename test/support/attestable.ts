import type { ApiPromise } from '@polkadot/api';

/** A role that storage holds at a block, and the account that could have it attested there. */
export interface Attestable {
  readonly account: string;
  readonly subject: string;
  readonly role: string;
  readonly object: string;
  /** What a token says of it beyond that: an amount, or a set of things. It may grow. */
  readonly extent: bigint | ReadonlySet<string>;
}

type Json = Readonly<Record<string, unknown>>;
/** An id, which JSON has as a number. */
const text = (id: unknown): string => JSON.stringify(id);

/**
 * Every role anybody could have attested at a block, by the words of the design and nothing else: whole storage maps
 * through a stock client, every member and worker against every channel, video and token.
 */
export async function readAttestable(api: ApiPromise, hash: string): Promise<readonly Attestable[]> {
  const at = await api.at(hash);
  const map = async (item: string): Promise<ReadonlyMap<string, Json>> => {
    const [pallet = '', name = ''] = item.split('.');
    const entries = await at.query[pallet]![name]!.entries();
    return new Map(
      entries.map(([key, value]) => [
        key.args.map((arg) => (arg.isEmpty ? '0' : arg.toString())).join('/'),
        value.toJSON() as Json,
      ]),
    );
  };
  const value = async (item: string): Promise<unknown> => {
    const [pallet = '', name = ''] = item.split('.');
    return (await at.query[pallet]![name]!()).toJSON();
  };
  const [members, channels, videos, groups, accounts, buckets, content, distribution, app, lead, council] =
    await Promise.all([
      map('members.membershipById'),
      map('content.channelById'),
      map('content.videoById'),
      map('content.curatorGroupById'),
      map('projectToken.accountInfoByTokenAndMember'),
      map('storage.distributionBucketByFamilyIdById'),
      map('contentWorkingGroup.workerById'),
      map('distributionWorkingGroup.workerById'),
      map('appWorkingGroup.workerById'),
      value('contentWorkingGroup.currentLead'),
      value('council.councilMembers'),
    ]);

  const found: Attestable[] = [];
  const none: ReadonlySet<string> = new Set();
  for (const [member, membership] of members) {
    const add = (role: string, object: string, extent: Attestable['extent'] = none): void => {
      found.push({
        account: String(membership.controllerAccount),
        subject: `member:${member}`,
        role,
        object,
        extent,
      });
    };
    add('member', '');
    for (const [id, channel] of channels) {
      if (isMember(channel.owner, member)) add('channel_owner', id);
      if (Object.keys(channel.collaborators as Json).includes(member)) add('channel_collaborator', id);
    }
    for (const [id, video] of videos) {
      const nft = video.nftStatus as Json | null;
      if (!nft) continue;
      const isChannels = Object.hasOwn(nft.owner as Json, 'channelOwner');
      const owner = isChannels ? channels.get(String(video.inChannel))?.owner : nft.owner;
      if (isMember(owner, member)) add('nft_owner', id);
    }
    for (const channel of channels.values()) {
      if (channel.creatorTokenId === null) continue;
      const token = text(channel.creatorTokenId);
      const amount = BigInt((accounts.get(`${token}/${member}`)?.amount as string | number | undefined) ?? 0);
      if (amount > 0n) add('crt_holder', token, amount);
    }
    if ((council as Json[]).some(({ membershipId }) => String(membershipId) === member))
      add('council_member', '');
  }
  for (const [worker, { roleAccountId }] of content) {
    const add = (role: string, object: string, extent: Attestable['extent'] = none): void => {
      found.push({
        account: String(roleAccountId),
        subject: `worker:content:${worker}`,
        role,
        object,
        extent,
      });
    };
    const isLead = lead !== null && text(lead) === worker;
    if (isLead) add('content_lead', '');
    const own = [...groups].filter(
      ([, { active, curators }]) => active === true && Object.keys(curators as Json).includes(worker),
    );
    if (own.length > 0) {
      const powers = own.flatMap(([id, { permissionsByLevel }]) => [
        `group ${id}`,
        ...Object.entries(permissionsByLevel as Json).map(
          ([level, actions]) => `${level} ${JSON.stringify(actions)}`,
        ),
      ]);
      add('curator', '', new Set(powers));
    }
    const ownsAsCurator = (owner: unknown): boolean => {
      const id = (owner as Json).curatorGroup;
      return id !== undefined && (isLead || own.some(([group]) => group === text(id)));
    };
    for (const [id, channel] of channels) if (ownsAsCurator(channel.owner)) add('channel_owner', id);
    for (const [id, video] of videos) {
      const nft = video.nftStatus as Json | null;
      const channel = channels.get(String(video.inChannel));
      if (nft && channel && Object.hasOwn(nft.owner as Json, 'channelOwner') && ownsAsCurator(channel.owner))
        add('nft_owner', id);
    }
  }
  for (const [worker, { roleAccountId }] of distribution) {
    const operated = [...buckets].filter(([, { operators }]) =>
      (operators as unknown[]).map(String).includes(worker),
    );
    const extent = new Set(operated.map(([id]) => id));
    const [account, subject] = [String(roleAccountId), `worker:distribution:${worker}`];
    found.push({ account, subject, role: 'distribution_operator', object: '', extent });
  }
  for (const [worker, { roleAccountId }] of app) {
    const [account, subject] = [String(roleAccountId), `worker:app:${worker}`];
    found.push({ account, subject, role: 'gateway', object: '', extent: none });
  }
  return found;
}

/** Whether what was attested is true still, or more than that is. */
export function holdsStill(before: Attestable, now: readonly Attestable[]): boolean {
  return now.some(
    (one) =>
      one.account === before.account &&
      one.subject === before.subject &&
      one.role === before.role &&
      one.object === before.object &&
      isAtLeast(one.extent, before.extent),
  );
}

const isMember = (owner: unknown, member: string): boolean => {
  const id = (owner as Json | undefined)?.member;
  return id !== undefined && text(id) === member;
};

function isAtLeast(now: Attestable['extent'], before: Attestable['extent']): boolean {
  if (typeof now === 'bigint' || typeof before === 'bigint') return now >= before;
  return [...before].every((one) => now.has(one));
}
