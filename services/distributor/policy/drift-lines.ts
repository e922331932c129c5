import type { PolicyScope } from '../../../shared/policy/index.ts';
import { PAGE_SLOTS } from './entity-table.ts';
import { isFlawed, type AssetRow, type ChannelRow, type Fact, type State, type VideoRow } from './facts.ts';
import type { Knowledge } from './knowledge.ts';

/** What is compared, part by part. */
export const PARTS = [
  'channel',
  'video',
  'asset',
  'policy/channel',
  'policy/video',
  'policy/asset',
  'bag',
] as const;
export type Part = (typeof PARTS)[number];

export type PolicyPart = Extract<Part, `policy/${string}`>;
const SCOPES = { 'policy/channel': 'channel', 'policy/video': 'video', 'policy/asset': 'asset' } as const;

/** Whose policies a part is about. */
export const scopeOf = (part: PolicyPart): PolicyScope => SCOPES[part];
export const isOfPolicies = (part: Part): part is PolicyPart => part in SCOPES;

/** The entity in one line of text, as `panoptes.page_digests` writes it; `null`: there is none. */
type LineOf = (id: number) => string | null;

/** A row that makes no sense is known to make none, and no more: its line is never what the database says. */
const line = <Row extends object>(
  id: number,
  row: State<Row>,
  write: (row: Row) => string,
): string | null => {
  if (row === null) return null;
  return isFlawed(row) ? `${id},flawed` : `${id},${write(row)}`;
};
const channelLine = ({ privilegeLevel, isPublic, isCensored }: ChannelRow): string =>
  `${privilegeLevel},${Number(isPublic) + 2 * Number(isCensored)}`;
const videoLine = ({ channel, isPublic, isCensored }: VideoRow): string =>
  `${channel},${Number(isPublic) + 2 * Number(isCensored)}`;

/** Lines of the entities of a page, as they are known. */
export function knownLines({ map, catalogue, bags }: Knowledge, part: Part, page: number): LineOf {
  switch (part) {
    case 'channel':
      return (id) => line(id, map.findChannel(id), channelLine);
    case 'video':
      return (id) => line(id, map.findVideo(id), videoLine);
    case 'asset': {
      const entries = catalogue.readPage(page);
      return (id) =>
        line(id, map.findAsset(id), ({ kind, channel, video }) => {
          const of = video === null ? `c${String(channel)}` : `v${video}`;
          const entry = entries(id);
          return `${of},${kind},${entry === null ? 'damaged' : `${entry.size},${entry.contentHash}`}`;
        });
    }
    case 'bag':
      return (id) => {
        const bag = bags.findBag(id);
        return bag === null ? null : `${id},${bag.buckets}`;
      };
    default: {
      const scope = scopeOf(part);
      return (id) => {
        const document = map.findPolicy(scope, id);
        return document === null ? null : `${id},${document}`;
      };
    }
  }
}

/** The line of what a fact says. */
export function lineOfFact(fact: Fact): string | null {
  switch (fact.entity) {
    case 'channel':
      return line(fact.id, fact.row, channelLine);
    case 'video':
      return line(fact.id, fact.row, videoLine);
    case 'asset':
      return line(fact.id, fact.row, ({ kind, channel, video, size, contentHash }: AssetRow) => {
        const of = video === null ? `c${channel}` : `v${video}`;
        return `${of},${kind},${size},${Buffer.from(contentHash).toString('latin1')}`;
      });
    case 'bag':
      return fact.row === null ? null : `${fact.id},${fact.row.buckets}`;
    case 'policy':
      return fact.row === null ? null : `${fact.id},${fact.row.document}`;
    default:
      return null;
  }
}

/** That nothing is at this id. */
export function absence(part: Part, id: number): Fact {
  switch (part) {
    case 'channel':
    case 'video':
    case 'asset':
    case 'bag':
      return { entity: part, id, row: null };
    default:
      return { entity: 'policy', scope: scopeOf(part), id, row: null };
  }
}

export const idsOf = (page: number): number[] =>
  Array.from({ length: PAGE_SLOTS }, (_, slot) => page * PAGE_SLOTS + slot);
