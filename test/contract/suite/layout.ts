import { readFile, writeFile } from 'node:fs/promises';
import { u8aToHex } from '@polkadot/util';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCodec } from '../../../services/devnet/chain/codec.ts';
import { HANDLED } from '../../../services/indexer/events/index.ts';
import { describeLayout as readLayout, type Described, type Layout } from '../metadata.ts';
import type { Stage } from '../stage.ts';

/** What the real runtime of spec 2002 has in the pallets that matter here, as `JOYSTREAM_RECORD=1` wrote it. */
const RECORD = new URL('../layout.txt', import.meta.url);
const PALLETS = /^(?:timestamp|members|council|content|storage|projectToken|\w+WorkingGroup)\./;

/** Of runtimes before 2002. One that is new here and not there is misspelt. */
const OLDER_EVENTS = ['content.ChannelDeletedByModerator', 'content.VideoDeletedByModerator'];

/** Whose layout follows from what else a runtime has: every event of every pallet. */
const WHOLE = new Set(['system.events']);

export function describeLayout(stage: () => Stage): void {
  describe('the metadata', () => {
    const ours = readLayout(u8aToHex(createCodec().metadata));
    let theirs: Layout;
    let recorded: ReadonlySet<string>;
    beforeAll(async () => {
      theirs = readLayout((await stage().api.rpc.state.getMetadata()).toHex());
      if (process.env.JOYSTREAM_RECORD) await record(theirs);
      recorded = new Set((await readFile(RECORD, 'utf8')).split('\n'));
    });

    it.each(['items', 'events'] as const)(
      'has the %s of the development chain, laid out the same',
      (kind) => {
        for (const [name, { line, types }] of ours[kind]) {
          if (WHOLE.has(name)) continue;
          expect({ line: theirs[kind].get(name)?.line, types: theirs[kind].get(name)?.types }).toEqual({
            line,
            types,
          });
        }
        expect(ours[kind].size).toBeGreaterThan(80);
      },
    );

    it('is as it was recorded of the real runtime, for all that is used here', () => {
      const used = [...theirs.items, ...theirs.events].filter(
        ([name]) => PALLETS.test(name) && (ours.items.has(name) || ours.events.has(name)),
      );
      const unknown = used
        .flatMap(([, described]) => linesOf(described))
        .filter((line) => !recorded.has(line));
      expect(unknown).toEqual([]);
      expect(used.length).toBeGreaterThan(200);
    });

    it('has every event that the indexer learns from, but for those of older runtimes', () => {
      const names = new Set([...recorded].map((line) => /^event ([\w.]+)\(/.exec(line)?.[1]));
      expect(HANDLED.filter((name) => !names.has(name)).sort()).toEqual(OLDER_EVENTS);
    });
  });
}

const linesOf = ({ line, types }: Described): string[] => [line, ...types];

async function record({ items, events }: Layout): Promise<void> {
  const lines = [...items, ...events]
    .filter(([name]) => PALLETS.test(name))
    .flatMap(([, described]) => linesOf(described));
  await writeFile(RECORD, [...new Set(lines)].sort().join('\n') + '\n');
}
