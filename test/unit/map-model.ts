import {
  isFlawed,
  type AssetRow,
  type ChannelRow,
  type Fact,
  type PolicyRow,
  type State,
  type VideoRow,
} from '../../services/distributor/policy/facts.ts';
import {
  parsePolicyDocument,
  type AssetKind,
  type PolicyScope,
  type Rule,
} from '../../shared/policy/index.ts';

/** What is known of an asset, worked out from rows kept as they are. */
export interface ModelSight {
  readonly kind: AssetKind;
  readonly channel: number;
  readonly video: number | null;
  readonly channelRow: ChannelRow;
  readonly videoRow: VideoRow | null;
  /** `closed`: a policy that does not validate; `null`: none. */
  readonly rule: Rule | 'closed' | null;
}

/** The policy map as a naive person would write it: objects in Maps. */
export class ModelMap {
  readonly channels = new Map<number, State<ChannelRow>>();
  readonly videos = new Map<number, State<VideoRow>>();
  readonly assets = new Map<number, State<AssetRow>>();
  readonly policies = new Map<string, PolicyRow>();

  take(fact: Fact): void {
    if (fact.entity === 'channel') put(this.channels, fact.id, fact.row);
    if (fact.entity === 'video') put(this.videos, fact.id, fact.row);
    if (fact.entity === 'asset') put(this.assets, fact.id, fact.row);
    if (fact.entity === 'policy') put(this.policies, `${fact.scope}/${fact.id}`, fact.row);
  }

  /** `null`: no such asset; `incomplete`: what it belongs to is not known. */
  look(id: number): ModelSight | 'incomplete' | null {
    const asset = this.assets.get(id);
    if (asset === undefined || asset === null) return null;
    if (isFlawed(asset)) return 'incomplete';
    const videoRow = asset.video === null ? null : (this.videos.get(asset.video) ?? { flaw: 'missing' });
    if (videoRow && isFlawed(videoRow)) return 'incomplete';
    const channel = videoRow ? videoRow.channel : asset.channel;
    const channelRow = this.channels.get(channel) ?? { flaw: 'missing' };
    if (isFlawed(channelRow)) return 'incomplete';
    const { kind, video } = asset;
    const rule =
      this.#rule('asset', id, kind) ??
      (video === null ? null : this.#rule('video', video, kind)) ??
      this.#rule('channel', channel, kind);
    return { kind, channel, video, channelRow, videoRow, rule };
  }

  #rule(scope: PolicyScope, id: number, kind: AssetKind): Rule | 'closed' | null {
    const row = this.policies.get(`${scope}/${id}`);
    if (row === undefined) return null;
    try {
      const document = parsePolicyDocument(JSON.parse(row.document));
      return document[kind] ?? document['*'] ?? null;
    } catch {
      return 'closed';
    }
  }
}

function put<K, V>(map: Map<K, V>, key: K, row: V | null): void {
  if (row === null) map.delete(key);
  else map.set(key, row);
}
