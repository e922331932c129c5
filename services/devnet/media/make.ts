import { execFile } from 'node:child_process';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readCommandLine } from '../../../shared/runtime/index.ts';

const HELP = `Makes the demo media anew, over the files that are there: npm run media. It needs ffmpeg with libx264 and libwebp.
The files are committed, so only who wants to change them runs this.
`;

readCommandLine(HELP, {});
const DIR = join(import.meta.dirname, 'files');
const VIDEO_SEC = 6;

/** Colours that turn slowly over a bar that shows the time, and a tone that swells: one sees and hears that it plays. */
const COLOURS =
  'gradients=size=640x360:rate=24:c0=0x0b1d3a:c1=0x7a3cff:c2=0x18c5b9:nb_colors=3:x0=0:y0=0:x1=640:y1=360:speed=0.01:seed=7';
const BAR = 'color=white:size=640x10:rate=24';
const SLIDE = `overlay=x='-w+w*t/${VIDEO_SEC}':y=H-24`;
const SOUND =
  'aevalsrc=0.12*sin(2*PI*220*t)*(1+sin(PI*t/1.5))|0.12*sin(2*PI*330*t)*(1+cos(PI*t/1.5)):s=44100';

const SUBTITLES = `WEBVTT

00:00.000 --> 00:02.000
This video is on a distributor.

00:02.000 --> 00:04.000
It plays because the policy lets you in.

00:04.000 --> 00:06.000
Seek: each part is a request of its own.
`;

const FILES: Readonly<Record<string, readonly string[]>> = {
  'video.mp4': [
    ...['-f', 'lavfi', '-i', COLOURS, '-f', 'lavfi', '-i', BAR, '-f', 'lavfi', '-i', SOUND],
    ...['-filter_complex', `[0][1]${SLIDE}`, '-t', String(VIDEO_SEC)],
    ...['-c:v', 'libx264', '-profile:v', 'main', '-pix_fmt', 'yuv420p', '-preset', 'slow', '-crf', '26'],
    // A key frame each second, for seeking; the index at the front, for playing before all is there.
    ...['-g', '24', '-c:a', 'aac', '-b:a', '64k', '-movflags', '+faststart'],
  ],
  'thumbnail.webp': ['-f', 'lavfi', '-i', COLOURS, '-frames:v', '1', '-c:v', 'libwebp', '-quality', '75'],
  'avatar.png': [
    ...['-f', 'lavfi', '-i', 'gradients=size=128x128:c0=0x18c5b9:c1=0x0b1d3a:nb_colors=2:type=radial:seed=3'],
    ...['-frames:v', '1', '-pix_fmt', 'rgb24'],
  ],
  'cover.jpg': [
    ...['-f', 'lavfi', '-i', 'gradients=size=1280x320:c0=0x0b1d3a:c1=0x7a3cff:nb_colors=2:seed=5'],
    ...['-frames:v', '1', '-q:v', '5'],
  ],
};

const ffmpeg = async (args: readonly string[]): Promise<void> => {
  // No time stamps or versions in the files: the same ffmpeg makes the same bytes.
  const quiet = ['-hide_banner', '-loglevel', 'error', '-y'];
  const exact = [
    '-fflags',
    '+bitexact',
    '-flags:v',
    '+bitexact',
    '-flags:a',
    '+bitexact',
    '-map_metadata',
    '-1',
  ];
  const output = args.at(-1) ?? '';
  await promisify(execFile)('ffmpeg', [...quiet, ...args.slice(0, -1), ...exact, output]);
};

try {
  for (const [name, args] of Object.entries(FILES)) await ffmpeg([...args, join(DIR, name)]);
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  console.error('ffmpeg is not installed: it is needed to make the demo media (the committed files stay).');
  process.exit(1);
}
await writeFile(join(DIR, 'subtitles.vtt'), SUBTITLES);
for (const name of await readdir(DIR)) console.log(`${name}: ${(await stat(join(DIR, name))).size} bytes`);
