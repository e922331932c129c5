import {
  ASSET_KINDS,
  type AssetKind,
  type CompiledRule,
  type PolicyScope,
} from '../../../shared/policy/index.ts';
import { EntityTable } from './entity-table.ts';
import { NO_POLICY, PolicyStore } from './policy-store.ts';

/** Rows as the tables have them, ids as numbers. */
export interface ChannelRow {
  readonly isPublic: boolean;
  readonly isCensored: boolean;
  /** 0 to 255: which moderators may do what to it. */
  readonly privilegeLevel: number;
}
export interface VideoRow {
  readonly channel: number;
  readonly isPublic: boolean;
  readonly isCensored: boolean;
}
export interface AssetRow {
  readonly channel: number;
  /** `null`: it belongs to the channel itself. */
  readonly video: number | null;
  readonly kind: AssetKind;
}

/** One entity and what it is now; `null`: it is gone. */
export interface Change<Row> {
  readonly id: number;
  readonly row: Row | null;
}

/** Changes that become visible together. */
export interface MapBatch {
  readonly channels?: readonly Change<ChannelRow>[];
  readonly videos?: readonly Change<VideoRow>[];
  readonly assets?: readonly Change<AssetRow>[];
  readonly policies?: readonly (Change<{ readonly document: unknown }> & { readonly scope: PolicyScope })[];
}

/** What the map knows of an asset, at the moment it was looked at. */
export interface Sight {
  kind: AssetKind;
  /** Whether every row between the asset and its channel is known. Without them nobody can be let in. */
  isWhole: boolean;
  /** -1: not known. */
  channel: number;
  /** -1: none. */
  video: number;
  isChannelPublic: boolean;
  isChannelCensored: boolean;
  isVideoPublic: boolean;
  isVideoCensored: boolean;
  privilegeLevel: number;
  /** The most specific rule for the asset's kind; `null`: no policy says anything, the node's default counts. */
  rule: CompiledRule | null;
}

export const createSight = (): Sight => ({
  kind: 'media',
  isWhole: false,
  channel: -1,
  video: -1,
  isChannelPublic: false,
  isChannelCensored: false,
  isVideoPublic: false,
  isVideoCensored: false,
  privilegeLevel: 0,
  rule: null,
});

const KNOWN = 0b1;
const PUBLIC = 0b10;
const CENSORED = 0b100;
/** Of an asset: it belongs to its channel and not to a video. */
const OF_CHANNEL = 0b10;
const KIND_SHIFT = 2;

/**
 * Every asset, video and channel with what decides about it, in memory. It is read hierarchically, asset → video →
 * channel, and nothing is copied downwards: one write flips a whole channel. No input or output, no clock.
 */
export class PolicyMap {
  readonly #report: (scope: PolicyScope, id: number, error: unknown) => void;
  readonly #policies = new PolicyStore();
  readonly #tables: Readonly<Record<PolicyScope, EntityTable>> = {
    channel: new EntityTable(),
    video: new EntityTable(),
    asset: new EntityTable(),
  };
  #assets = 0;

  /** `report` is told of policies that do not validate; they count as closed to everybody but insiders. */
  constructor(report: (scope: PolicyScope, id: number, error: unknown) => void) {
    this.#report = report;
  }

  /** Makes a batch visible, all of it at once: nothing here waits. */
  apply(batch: MapBatch): void {
    const { channel, video, asset } = this.#tables;
    for (const { id, row } of batch.channels ?? []) {
      if (row) channel.set(id, visibility(row), row.privilegeLevel);
      else channel.clear(id);
    }
    for (const { id, row } of batch.videos ?? []) {
      if (row) video.set(id, visibility(row), row.channel);
      else video.clear(id);
    }
    for (const { id, row } of batch.assets ?? []) {
      if ((asset.flags(id) & KNOWN) !== 0) this.#assets -= 1;
      if (row === null) {
        asset.clear(id);
        continue;
      }
      this.#assets += 1;
      const kind = ASSET_KINDS.indexOf(row.kind) << KIND_SHIFT;
      asset.set(id, KNOWN | kind | (row.video === null ? OF_CHANNEL : 0), row.video ?? row.channel);
    }
    for (const { scope, id, row } of batch.policies ?? []) this.#setPolicy(scope, id, row);
  }

  /** Writes what is known of an asset into `sight`; `false`: there is no such asset. Nothing is allocated. */
  look(id: number, sight: Sight): boolean {
    const assets = this.#tables.asset;
    const flags = assets.flags(id);
    if ((flags & KNOWN) === 0) return false;
    const parent = assets.link(id);
    sight.kind = ASSET_KINDS[flags >> KIND_SHIFT] ?? 'media';
    sight.video = (flags & OF_CHANNEL) === 0 ? parent : -1;
    const isVideoKnown = this.#lookAtVideo(sight);
    sight.channel = sight.video === -1 ? parent : isVideoKnown ? this.#tables.video.link(sight.video) : -1;
    const isChannelKnown = this.#lookAtChannel(sight);
    sight.isWhole = isVideoKnown && isChannelKnown;
    sight.rule =
      this.#rule('asset', id, sight.kind) ??
      this.#rule('video', sight.video, sight.kind) ??
      this.#rule('channel', sight.channel, sight.kind);
    return true;
  }

  get stats(): { readonly assets: number; readonly policies: number; readonly pages: number } {
    const { channel, video, asset } = this.#tables;
    return {
      assets: this.#assets,
      policies: this.#policies.size,
      pages: channel.pages + video.pages + asset.pages,
    };
  }

  #lookAtVideo(sight: Sight): boolean {
    if (sight.video === -1) {
      sight.isVideoPublic = true;
      sight.isVideoCensored = false;
      return true;
    }
    const flags = this.#tables.video.flags(sight.video);
    sight.isVideoPublic = (flags & PUBLIC) !== 0;
    sight.isVideoCensored = (flags & CENSORED) !== 0;
    return (flags & KNOWN) !== 0;
  }

  #lookAtChannel(sight: Sight): boolean {
    const channels = this.#tables.channel;
    const flags = sight.channel === -1 ? 0 : channels.flags(sight.channel);
    sight.isChannelPublic = (flags & PUBLIC) !== 0;
    sight.isChannelCensored = (flags & CENSORED) !== 0;
    sight.privilegeLevel = flags === 0 ? 0 : channels.link(sight.channel);
    return (flags & KNOWN) !== 0;
  }

  #rule(scope: PolicyScope, id: number, kind: AssetKind): CompiledRule | null {
    if (id === -1) return null;
    const index = this.#tables[scope].policy(id);
    return index === NO_POLICY ? null : (this.#policies.get(index)?.[kind] ?? null);
  }

  #setPolicy(scope: PolicyScope, id: number, row: { readonly document: unknown } | null): void {
    const table = this.#tables[scope];
    const before = table.policy(id);
    const now = row
      ? this.#policies.acquire(row.document, (error) => {
          this.#report(scope, id, error);
        })
      : NO_POLICY;
    table.setPolicy(id, now);
    this.#policies.release(before);
  }
}

const visibility = ({
  isPublic,
  isCensored,
}: {
  readonly isPublic: boolean;
  readonly isCensored: boolean;
}): number => KNOWN | (isPublic ? PUBLIC : 0) | (isCensored ? CENSORED : 0);
