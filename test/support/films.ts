import { randomBytes } from 'node:crypto';
import {
  BufferSource,
  BufferTarget,
  EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  Input,
  MP4,
  Mp4OutputFormat,
  Output,
  WebMOutputFormat,
  type OutputFormat,
  type VideoCodec,
} from 'mediabunny';
import sharp from 'sharp';
import { loadDemoMedia } from '../../services/devnet/media/index.ts';

/** A film of some megabytes that a browser plays, every picture of which says where in it it is. */
export interface Film {
  readonly bytes: Buffer;
  readonly lengthSec: number;
  /** Whether this, a picture of the player, is of that second. */
  readonly isOf: (sec: number, picture: Buffer) => Promise<boolean>;
}

/** Of the player. */
export const FILM_SIZE = { width: 320, height: 180 } as const;

const FRAMES = 150;
const FRAMES_PER_SEC = 10;
/** Of a frame's number, as fields from left to right, white for 1. */
const BITS = 8;
const FIELD = { width: FILM_SIZE.width / BITS, height: 40 } as const;

/** VP8, with its index at the end, as most programs write WebM. */
export async function makeWebm(): Promise<Film> {
  const { width, height } = FILM_SIZE;
  const bytes = await mux(new WebMOutputFormat(), 'vp8', async (add) => {
    for (let frame = 0; frame < FRAMES; frame += 1)
      await add(
        new EncodedPacket(await drawFrame(frame), 'key', frame / FRAMES_PER_SEC, 1 / FRAMES_PER_SEC),
        { codec: 'vp8', codedWidth: width, codedHeight: height },
      );
  });
  return {
    bytes,
    lengthSec: FRAMES / FRAMES_PER_SEC,
    isOf: async (sec, picture) => {
      const isBright = await readPicture(picture, 128);
      const bits = Array.from({ length: BITS }, (_, bit) =>
        isBright((bit + 0.5) * FIELD.width, FIELD.height / 2) ? 2 ** bit : 0,
      );
      const frame = bits.reduce((sum, bit) => sum + bit, 0);
      return Math.abs(frame - sec * FRAMES_PER_SEC) <= 1;
    },
  };
}

/** A WebP picture is a key frame of VP8 in a box (RFC 9649, section 2.5): no encoder of videos is needed. */
async function drawFrame(number: number): Promise<Buffer> {
  const { width, height } = FILM_SIZE;
  // Noise, which takes room.
  const pixels = randomBytes(width * height * 3);
  for (let y = 0; y < FIELD.height; y += 1) {
    for (let bit = 0; bit < BITS; bit += 1) {
      const at = (y * width + bit * FIELD.width) * 3;
      pixels.fill(number & (2 ** bit) ? 255 : 0, at, at + FIELD.width * 3);
    }
  }
  const webp = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .webp({ quality: 80, effort: 0 })
    .toBuffer();
  return webp.subarray(20, 20 + webp.readUInt32LE(16));
}

const REPEATS = 60;
/** What a decoder passes over (ITU-T H.264, 7.3.2.7), which takes room too. */
const FILLER = Buffer.alloc(3_000, 0xff);
FILLER.writeUInt32BE(FILLER.length - 4);
FILLER.writeUInt8(12, 4);
FILLER.writeUInt8(0x80, FILLER.length - 1);

/** H.264: the demo video again and again. Its index: where programs put it for the web, or where they leave it. */
export async function makeMp4(index: 'first' | 'last'): Promise<Film> {
  const { video } = await loadDemoMedia();
  const input = new Input({ formats: [MP4], source: new BufferSource(video.bytes) });
  const track = await input.getPrimaryVideoTrack();
  const config = await track?.getDecoderConfig();
  if (!track || !config) throw new Error('There is no video in the demo video');
  const demoSec = await track.computeDuration();
  const packets: EncodedPacket[] = [];
  for await (const packet of new EncodedPacketSink(track).packets())
    packets.push(packet.clone({ data: Buffer.concat([packet.data, FILLER]) }));
  const format = new Mp4OutputFormat({ fastStart: index === 'first' ? 'in-memory' : false });
  const bytes = await mux(format, 'avc', async (add) => {
    for (let repeat = 0; repeat < REPEATS; repeat += 1)
      for (const packet of packets)
        await add(packet.clone({ timestamp: packet.timestamp + repeat * demoSec }), config);
  });
  return {
    bytes,
    lengthSec: REPEATS * demoSec,
    isOf: async (sec, picture) => {
      // A white bar near the lower edge that grows from left to right.
      const isBright = await readPicture(picture, 200);
      let length = 0;
      while (length < FILM_SIZE.width && isBright(length, 0.947 * FILM_SIZE.height)) length += 1;
      return Math.abs((length / FILM_SIZE.width) * demoSec - (sec % demoSec)) < 0.1;
    },
  };
}

type Add = (packet: EncodedPacket, decoderConfig: VideoDecoderConfig) => Promise<void>;

async function mux(
  format: OutputFormat,
  codec: VideoCodec,
  fill: (add: Add) => Promise<void>,
): Promise<Buffer> {
  const output = new Output({ format, target: new BufferTarget() });
  const source = new EncodedVideoPacketSource(codec);
  output.addVideoTrack(source);
  await output.start();
  await fill((packet, decoderConfig) => source.add(packet, { decoderConfig }));
  await output.finalize();
  if (output.target.buffer === null) throw new Error('Nothing was written');
  return Buffer.from(output.target.buffer);
}

/** Whether red, green and blue of a pixel are all more than `level`. */
async function readPicture(picture: Buffer, level: number): Promise<(x: number, y: number) => boolean> {
  const { data, info } = await sharp(picture)
    .removeAlpha()
    .resize({ ...FILM_SIZE, fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return (x, y) => {
    const at = (Math.floor(y) * info.width + Math.floor(x)) * info.channels;
    return data.subarray(at, at + 3).every((part) => part > level);
  };
}
