import { readFile } from 'node:fs/promises';
import { contentHash } from '../../../shared/base/index.ts';

/** A file as the chain describes a data object, with its bytes. */
export interface DemoFile {
  readonly bytes: Buffer;
  readonly size: number;
  /** base58btc multihash (blake3), the chain's ipfsContentId. */
  readonly hash: string;
}

/** `video`: six seconds with sound, MP4 (H.264, AAC), playable while it loads. */
export type DemoMedia = Readonly<Record<'video' | 'thumbnail' | 'subtitles' | 'avatar' | 'cover', DemoFile>>;

/** The committed demo media, made by make.ts. */
export async function loadDemoMedia(): Promise<DemoMedia> {
  const [video, thumbnail, subtitles, avatar, cover] = await Promise.all([
    load('video.mp4'),
    load('thumbnail.webp'),
    load('subtitles.vtt'),
    load('avatar.png'),
    load('cover.jpg'),
  ]);
  return { video, thumbnail, subtitles, avatar, cover };
}

async function load(name: string): Promise<DemoFile> {
  const bytes = await readFile(new URL(`files/${name}`, import.meta.url));
  return { bytes, size: bytes.length, hash: await contentHash(bytes) };
}
