import protobuf from '@joystream/metadata-protobuf';
import { u8aToHex } from '@polkadot/util';
import type { Hex } from '../codec.ts';
import type { UploadList } from './assets.ts';
import type { ChannelMetadataSpec, VideoMetadataSpec } from './inputs.ts';

// A CommonJS package: its names are on the default export.
const { ChannelMetadata, ContentMetadata } = protobuf;

/** What was asked of an upload, as positions in its list; undefined where nothing was given. */
export interface ChannelPositions {
  readonly avatar: number | undefined;
  readonly cover: number | undefined;
}
export interface VideoPositions {
  readonly media: number | undefined;
  readonly thumbnail: number | undefined;
  readonly subtitles: readonly number[];
}

export interface Encoded<P> {
  /** `Option<Vec<u8>>`: null when there is nothing to say. */
  readonly meta: Hex | null;
  readonly positions: P;
}

/** Protobuf `ChannelMetadata`; files go to `list`, and the message refers to them by position. */
export function encodeChannelMetadata(
  spec: ChannelMetadataSpec,
  list: UploadList,
): Encoded<ChannelPositions> {
  const positions = { avatar: list.add(spec.avatar), cover: list.add(spec.cover) };
  const message = withoutUndefined({
    title: spec.title,
    description: spec.description,
    isPublic: spec.isPublic,
    avatarPhoto: positions.avatar,
    coverPhoto: positions.cover,
  });
  return { meta: encodeUnlessEmpty(message, (of) => ChannelMetadata.encode(of).finish()), positions };
}

/** Protobuf `ContentMetadata` holding a `VideoMetadata`. */
export function encodeVideoMetadata(spec: VideoMetadataSpec, list: UploadList): Encoded<VideoPositions> {
  const positions = {
    media: list.add(spec.media),
    thumbnail: list.add(spec.thumbnail),
    subtitles: (spec.subtitles ?? []).flatMap((asset) => list.add(asset) ?? []),
  };
  const message = withoutUndefined({
    title: spec.title,
    description: spec.description,
    isPublic: spec.isPublic,
    video: positions.media,
    thumbnailPhoto: positions.thumbnail,
    subtitles: spec.subtitles && positions.subtitles.map((newAsset) => ({ ...SUBTITLE, newAsset })),
  });
  return {
    meta: encodeUnlessEmpty(message, (videoMetadata) => ContentMetadata.encode({ videoMetadata }).finish()),
    positions,
  };
}

const SUBTITLE = { type: 'subtitles', language: 'en', mimeType: 'text/vtt' };

/** Protobuf tells a field that is there from one that is not; `undefined` must not count as there. */
function withoutUndefined<T extends object>(message: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function encodeUnlessEmpty<T extends object>(message: T, encode: (message: T) => Uint8Array): Hex | null {
  return Object.keys(message).length === 0 ? null : u8aToHex(encode(message));
}
