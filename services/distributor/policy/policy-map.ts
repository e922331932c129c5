import {
  ASSET_KINDS,
  type AssetKind,
  type CompiledRule,
  type PolicyScope,
} from '../../../shared/policy/index.ts';
import { EntityTable } from './entity-table.ts';
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

/**
 * Every asset, video and channel with what decides about it, in memory. It is read hierarchically, asset → video →
 * channel, and nothing is copied downwards: one write flips a whole channel. Rows may come in any order. No input or
 * output, no clock; every method ends before anything else can look.
 */
export class PolicyMap {
  readonly #policies = new PolicyStore();
  readonly #tables: Readonly<Record<PolicyScope, EntityTable>> = {
    channel: new EntityTable(),
    video: new EntityTable(),
    asset: new EntityTable(),
  };
  #assets = 0;

  setChannel(id: number, row: State<ChannelRow>): void {
    const { flags, known } = visibility(row);
    this.#tables.channel.set(id, flags, known?.privilegeLevel ?? 0);
  }

  setVideo(id: number, row: State<VideoRow>): void {
    const { flags, known } = visibility(row);
    this.#tables.video.set(id, flags, known?.channel ?? 0);
  }

  setAsset(id: number, row: State<AssetRow>): void {
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
    this.#policies.release(before);
    return error;
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

  get stats(): { readonly assets: number; readonly policies: number; readonly pages: number } {
    const { channel, video, asset } = this.#tables;
    return {
      assets: this.#assets,
      policies: this.#policies.size,
      pages: channel.pages + video.pages + asset.pages,
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

function visibility<Row extends { readonly isPublic: boolean; readonly isCensored: boolean }>(
  row: State<Row>,
): { readonly flags: number; readonly known: Row | null } {
  if (row === null) return { flags: 0, known: null };
  if (isFlawed(row)) return { flags: KNOWN | FLAWED, known: null };
  return { flags: KNOWN | (row.isPublic ? PUBLIC : 0) | (row.isCensored ? CENSORED : 0), known: row };
}
