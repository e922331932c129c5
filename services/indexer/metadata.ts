import protobuf from '@joystream/metadata-protobuf';

// A CommonJS package: its names are on the default export.
const { AppAction, ChannelMetadata, ContentMetadata } = protobuf;

export type AssetKind = 'media' | 'thumbnail' | 'subtitle' | 'avatar' | 'cover';

/** What metadata says about access. */
export interface Described {
  /** Undefined: not said. */
  readonly isPublic: boolean | undefined;
  /** What the data objects uploaded with the metadata are for, by their position among them. */
  readonly kinds: readonly { readonly position: number; readonly kind: AssetKind }[];
}

/** Protobuf `ChannelMetadata`, bare or wrapped in an app's action; `null` when it cannot be decoded. */
export function findChannelDescription(bytes: Uint8Array): Described | null {
  return decode(bytes, (inner) => {
    const metadata = ChannelMetadata.decode(inner);
    return describe(metadata, [
      { position: given(metadata, 'coverPhoto'), kind: 'cover' },
      { position: given(metadata, 'avatarPhoto'), kind: 'avatar' },
    ]);
  });
}

/** Protobuf `ContentMetadata` of a video, bare or wrapped in an app's action; `null` when it cannot be decoded. */
export function findVideoDescription(bytes: Uint8Array): Described | null {
  return decode(bytes, (inner) => {
    const metadata = ContentMetadata.decode(inner).videoMetadata;
    if (!metadata) return describe({}, []);
    // A file named for several purposes is what is guarded most: the last one counts.
    return describe(metadata, [
      ...(metadata.subtitles ?? []).map((subtitle) => ({
        position: given(subtitle, 'newAsset'),
        kind: 'subtitle' as const,
      })),
      { position: given(metadata, 'thumbnailPhoto'), kind: 'thumbnail' },
      { position: given(metadata, 'video'), kind: 'media' },
    ]);
  });
}

/** Apps wrap what they say for their users; an `AppAction` has a required field that nothing else has. */
function decode(bytes: Uint8Array, read: (inner: Uint8Array) => Described): Described | null {
  try {
    return read(findAppAction(bytes)?.rawAction ?? bytes);
  } catch {
    return null;
  }
}

function findAppAction(bytes: Uint8Array): { readonly rawAction: Uint8Array } | null {
  try {
    const { rawAction } = AppAction.decode(bytes);
    return { rawAction };
  } catch {
    return null;
  }
}

/** A field that was really sent: decoded messages have the default of every other one on their prototype. */
function given<M extends object, K extends keyof M>(message: M, name: K): M[K] | undefined {
  return Object.hasOwn(message, name) ? message[name] : undefined;
}

function describe(
  metadata: { isPublic?: boolean | null },
  purposes: readonly { position: number | null | undefined; kind: AssetKind }[],
): Described {
  return {
    isPublic: given(metadata, 'isPublic') ?? undefined,
    kinds: purposes.flatMap(({ position, kind }) =>
      typeof position === 'number' ? [{ position, kind }] : [],
    ),
  };
}
