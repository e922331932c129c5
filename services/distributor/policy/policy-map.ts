import {
  ASSET_KINDS,
  POLICY_SCOPES,
  type AssetKind,
  type CompiledRule,
  type PolicyScope,
} from '../../../shared/policy/index.ts';
import { EntityTable, TableDraft, type Pages } from './entity-table.ts';
import {
  isFlawed,
  type AssetRow,
  type ChannelRow,
  type PolicyRow,
  type State,
  type VideoRow,
} from './facts.ts';
import { NO_POLICY, PolicyStore } from './policy-store.ts';
import type { Sight } from './sight.ts';

// Flags of every table.
const KNOWN = 0b1;
/** There is a row, and it makes no sense: nobody can be let in. */
const FLAWED = 0b10;
// Of channels and videos.
const PUBLIC = 0b100;
const CENSORED = 0b1000;
// Of assets.
/** It belongs to its channel and not to a video. */
const OF_CHANNEL = 0b100;
const KIND_SHIFT = 3;

/** What of an asset's row is in the map; of the one that belongs to a video, the channel is the video's to say. */
export interface AssetLink {
  readonly kind: AssetKind;
  readonly channel: number | null;
  readonly video: number | null;
}

const FLAW = { flaw: 'it makes no sense' };

/**
 * Every asset, video and channel with what decides about it, in memory. It is read hierarchically, asset → video →
 * channel, and nothing is copied downwards: one write flips a whole channel. Rows may come in any order, and are written
 * to a draft, which becomes what is known in one step. No input or output, no clock; every method ends before anything
 * else can look.
 */
export class PolicyMap {
  readonly #tables: Readonly<Record<PolicyScope, EntityTable>> = {
    channel: new EntityTable(),
    video: new EntityTable(),
    asset: new EntityTable(),
  };
  #policies = new PolicyStore();
  #assets = 0;

  /** `nothing`: what it becomes does not rest on what is known. One draft at a time is committed or discarded. */
  draft(from: 'known' | 'nothing'): MapDraft {
    const isAnew = from === 'nothing';
    const policies = isAnew ? new PolicyStore() : this.#policies;
    return new MapDraft(isAnew ? null : this.#tables, policies, (pages, assets) => {
      for (const scope of POLICY_SCOPES) this.#tables[scope].take(pages[scope], from);
      this.#policies = policies;
      this.#assets = isAnew ? assets : this.#assets + assets;
    });
  }

  /** Writes what is known of an asset into `sight`; `false`: there is no such asset. Nothing is allocated. */
  look(id: number, sight: Sight): boolean {
    const assets = this.#tables.asset;
    const flags = assets.flags(id);
    if (flags === 0) return false;
    const isOfChannel = (flags & OF_CHANNEL) !== 0;
    const parent = assets.link(id);
    sight.kind = ASSET_KINDS[flags >> KIND_SHIFT] ?? 'media';
    sight.video = isOfChannel ? -1 : parent;
    sight.channel = parent;
    sight.isVideoPublic = true;
    sight.isVideoCensored = false;
    sight.isWhole =
      (flags & FLAWED) === 0 && (isOfChannel || this.#lookAtVideo(sight)) && this.#lookAtChannel(sight);
    sight.rule =
      this.#rule('asset', id, sight.kind) ??
      (isOfChannel ? null : this.#rule('video', sight.video, sight.kind)) ??
      this.#rule('channel', sight.channel, sight.kind);
    return true;
  }

  findChannel(id: number): State<ChannelRow> {
    const { channel } = this.#tables;
    const flags = channel.flags(id);
    if ((flags & FLAWED) !== 0) return FLAW;
    return flags === 0 ? null : { ...seen(flags), privilegeLevel: channel.link(id) };
  }

  findVideo(id: number): State<VideoRow> {
    const { video } = this.#tables;
    const flags = video.flags(id);
    if ((flags & FLAWED) !== 0) return FLAW;
    return flags === 0 ? null : { ...seen(flags), channel: video.link(id) };
  }

  findAsset(id: number): State<AssetLink> {
    const { asset } = this.#tables;
    const flags = asset.flags(id);
    if ((flags & FLAWED) !== 0) return FLAW;
    if (flags === 0) return null;
    const kind = ASSET_KINDS[flags >> KIND_SHIFT] ?? 'media';
    const link = asset.link(id);
    return (flags & OF_CHANNEL) !== 0
      ? { kind, channel: link, video: null }
      : { kind, channel: null, video: link };
  }

  /** The text of the entity's own policy document. */
  findPolicy(scope: PolicyScope, id: number): string | null {
    return this.#policies.findDocument(this.#tables[scope].policy(id));
  }

  /** By number; what they hold now is what they hold for good. */
  pages(scope: PolicyScope): Pages {
    return this.#tables[scope].pages;
  }

  /** All of it as it is now: it can be written down at leisure while changes are taken in. */
  contents(): MapContents {
    const { channel, video, asset } = this.#tables;
    return {
      documents: this.#policies.documents(),
      pages: { channel: new Map(channel.pages), video: new Map(video.pages), asset: new Map(asset.pages) },
      assets: this.#assets,
    };
  }

  /** Becomes what was written down. */
  restore({ documents, pages, assets }: MapContents): void {
    this.#policies = new PolicyStore(documents);
    this.#assets = assets;
    for (const scope of POLICY_SCOPES) {
      this.#tables[scope].take(pages[scope], 'nothing');
      for (const { policies } of pages[scope].values())
        for (const index of policies ?? []) if (index !== NO_POLICY) this.#policies.use(index);
    }
  }

  get stats(): { readonly assets: number; readonly policies: number; readonly pages: number } {
    const { channel, video, asset } = this.#tables;
    return {
      assets: this.#assets,
      policies: this.#policies.size,
      pages: channel.pages.size + video.pages.size + asset.pages.size,
    };
  }

  #lookAtVideo(sight: Sight): boolean {
    const flags = this.#tables.video.flags(sight.video);
    sight.isVideoPublic = (flags & PUBLIC) !== 0;
    sight.isVideoCensored = (flags & CENSORED) !== 0;
    sight.channel = this.#tables.video.link(sight.video);
    return (flags & (KNOWN | FLAWED)) === KNOWN;
  }

  #lookAtChannel(sight: Sight): boolean {
    const flags = this.#tables.channel.flags(sight.channel);
    sight.isChannelPublic = (flags & PUBLIC) !== 0;
    sight.isChannelCensored = (flags & CENSORED) !== 0;
    sight.privilegeLevel = this.#tables.channel.link(sight.channel);
    return (flags & (KNOWN | FLAWED)) === KNOWN;
  }

  #rule(scope: PolicyScope, id: number, kind: AssetKind): CompiledRule | null {
    const index = this.#tables[scope].policy(id);
    return index === NO_POLICY ? null : this.#policies.findRule(index, kind);
  }
}

/** All of a map: pages by their number, and the texts of the policies by the index the pages know them by. */
export interface MapContents {
  /** `null` where an index is free. */
  readonly documents: readonly (string | null)[];
  readonly pages: Readonly<Record<PolicyScope, Pages>>;
  /** How many there are. */
  readonly assets: number;
}

/** What a map is going to be. Nobody sees it before `commit`; `discard` it otherwise. */
export class MapDraft {
  readonly #tables: Readonly<Record<PolicyScope, TableDraft>>;
  readonly #policies: PolicyStore;
  readonly #become: (pages: MapContents['pages'], assets: number) => void;
  /** Uses of policies taken so far, and those that end when this becomes true. */
  readonly #acquired: number[] = [];
  readonly #released: number[] = [];
  /** More assets than there were. */
  #assets = 0;

  constructor(
    base: Readonly<Record<PolicyScope, EntityTable>> | null,
    policies: PolicyStore,
    become: (pages: MapContents['pages'], assets: number) => void,
  ) {
    const draftOf = (scope: PolicyScope): TableDraft => new TableDraft(base?.[scope].pages ?? new Map());
    this.#tables = { channel: draftOf('channel'), video: draftOf('video'), asset: draftOf('asset') };
    this.#policies = policies;
    this.#become = become;
  }

  setChannel(id: number, row: State<ChannelRow>): void {
    this.#tables.channel.set(id, visibility(row), row === null || isFlawed(row) ? 0 : row.privilegeLevel);
  }

  setVideo(id: number, row: State<VideoRow>): void {
    this.#tables.video.set(id, visibility(row), row === null || isFlawed(row) ? 0 : row.channel);
  }

  setAsset(id: number, row: State<Omit<AssetRow, 'size' | 'contentHash'>>): void {
    const table = this.#tables.asset;
    this.#assets += Number(row !== null) - Number(table.flags(id) !== 0);
    if (row === null) table.set(id, 0, 0);
    else if (isFlawed(row)) table.set(id, KNOWN | FLAWED, 0);
    else {
      const kind = ASSET_KINDS.indexOf(row.kind) << KIND_SHIFT;
      table.set(id, KNOWN | kind | (row.video === null ? OF_CHANNEL : 0), row.video ?? row.channel);
    }
  }

  /** Answers what is wrong with the document, or `null`: one that does not validate lets only insiders in. */
  setPolicy(scope: PolicyScope, id: number, row: PolicyRow | null): Error | null {
    const table = this.#tables[scope];
    const before = table.policy(id);
    const { index, error } = row ? this.#policies.acquire(row.document) : { index: NO_POLICY, error: null };
    table.setPolicy(id, index);
    if (index !== NO_POLICY) this.#acquired.push(index);
    if (before !== NO_POLICY) this.#released.push(before);
    return error;
  }

  commit(): void {
    const { channel, video, asset } = this.#tables;
    this.#become({ channel: channel.pages, video: video.pages, asset: asset.pages }, this.#assets);
    for (const index of this.#released) this.#policies.release(index);
  }

  discard(): void {
    for (const index of this.#acquired) this.#policies.release(index);
  }
}

function visibility(row: State<{ readonly isPublic: boolean; readonly isCensored: boolean }>): number {
  if (row === null) return 0;
  if (isFlawed(row)) return KNOWN | FLAWED;
  return KNOWN | (row.isPublic ? PUBLIC : 0) | (row.isCensored ? CENSORED : 0);
}

const seen = (flags: number): { readonly isPublic: boolean; readonly isCensored: boolean } => ({
  isPublic: (flags & PUBLIC) !== 0,
  isCensored: (flags & CENSORED) !== 0,
});
