import { readFile, readdir } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sniffContentType } from '../../services/distributor/assets/content-type.ts';

const MEDIA = new URL('../../services/devnet/media/files/', import.meta.url);
const bytes = (...parts: (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))));

describe('content types', () => {
  it('knows the demo media', async () => {
    const types = new Map<string, string>();
    for (const name of await readdir(MEDIA))
      types.set(name, sniffContentType(await readFile(new URL(name, MEDIA))).type);
    expect(Object.fromEntries(types)).toEqual({
      'avatar.png': 'image/png',
      'cover.jpg': 'image/jpeg',
      'subtitles.vtt': 'text/vtt; charset=utf-8',
      'thumbnail.webp': 'image/webp',
      'video.mp4': 'video/mp4',
    });
  });

  it.each([
    ['video/webm', bytes(0x1a, 0x45, 0xdf, 0xa3, 'B\x82\x84webm')],
    ['video/x-matroska', bytes(0x1a, 0x45, 0xdf, 0xa3, 'B\x82\x88matroska')],
    ['image/gif', bytes('GIF89a')],
    ['image/avif', bytes(0, 0, 0, 32, 'ftypavif')],
    ['video/quicktime', bytes(0, 0, 0, 32, 'ftypqt  ')],
    ['audio/mpeg', bytes('ID3\x03')],
    ['text/vtt; charset=utf-8', bytes('\ufeffWEBVTT - a title\n')],
    ['application/x-subrip; charset=utf-8', bytes('1\r\n00:00:01,000 --> 00:00:02,000\r\nHello')],
    ['image/svg+xml', bytes('<svg xmlns="http://www.w3.org/2000/svg"></svg>')],
    ['image/svg+xml', bytes('<?xml version="1.0"?>\n<!-- made by hand -->\n<svg>')],
  ])('knows %s', (type, head) => {
    expect(sniffContentType(head).type).toBe(type);
  });

  it('lets an SVG be shown, but not run', () => {
    const { disposition, policy } = sniffContentType(bytes('<svg onload="alert(1)">'));
    expect(disposition).toBe('inline');
    expect(policy).toContain('sandbox');
    expect(policy).not.toContain('allow-scripts');
  });

  it.each([
    ['HTML', bytes('<!doctype html><script>alert(1)</script>')],
    ['HTML that mentions SVG', bytes('<html><svg></svg>')],
    ['a script', bytes('alert(1)')],
    ['PDF', bytes('%PDF-1.7')],
    ['words', bytes('WEBVTTish')],
    ['nothing', bytes()],
  ])('hands %s out as a download', (_what, head) => {
    expect(sniffContentType(head)).toMatchObject({
      type: 'application/octet-stream',
      disposition: 'attachment',
    });
  });

  it.each(['<!---->', '<!-- -->\n', '<?xml>', '<!DOCTYPE svg>', '1\n', ' ', '<!--', '-->'])(
    'takes no time over bytes made of %j',
    (part) => {
      const start = performance.now();
      for (const before of ['', '<!--', ' ', '<?xml']) sniffContentType(bytes(before + part.repeat(28)));
      expect(performance.now() - start).toBeLessThan(100);
    },
  );

  it('never calls anything HTML or a script', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (head) => {
        expect(sniffContentType(head).type).not.toMatch(/html|script/);
      }),
    );
  });
});
