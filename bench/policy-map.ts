import { fork } from 'node:child_process';
import { once } from 'node:events';
import { assetsOf } from './assets-option.ts';
import { atMost, rounded, type Run } from './harness.ts';
import type { Asked, Told } from './policy-map-child.ts';

const MIB = 2 ** 20;

/** Of each size in a process of its own, beside an empty one: what the empty one needs is not the map's. */
export const run: Run = async ({ log, given }) => {
  const assets = assetsOf(given);
  const small = Math.ceil(assets / 10);
  const inMillions = (count: number): string => `${rounded(count / 1_000_000)}M`;

  log('an empty process');
  const empty = await ask({ assets: 0, wanted: ['memory'] });
  const figures: Record<string, number> = { emptyRssMb: rounded(empty.rssBytes / MIB) };
  const tellMemory = (count: number, { rssBytes, columnBytes, fillMs }: Told): number => {
    const overEmptyMb = rounded((rssBytes - empty.rssBytes) / MIB);
    const name = `of${inMillions(count)}`;
    figures[`${name}RssOverEmptyMb`] = overEmptyMb;
    figures[`${name}BytesPerAsset`] = rounded((rssBytes - empty.rssBytes) / count);
    figures[`${name}ColumnBytesPerAsset`] = rounded(columnBytes / count);
    figures[`${name}FillSec`] = rounded(fillMs / 1_000);
    return overEmptyMb;
  };
  log(`memory of ${small} assets`);
  tellMemory(small, await ask({ assets: small, wanted: ['memory'] }));
  log(`memory of ${assets} assets, speed and pauses among them`);
  const full = await ask({ assets, wanted: ['memory', 'speed', 'pauses'] });
  const rssOverEmptyMb = tellMemory(assets, full);
  for (const [name, { p50Us, p99Us }] of Object.entries(full.times)) {
    figures[`${name}PerSec`] = rounded(1_000_000 / p50Us);
    figures[`${name}P99Us`] = rounded(p99Us);
  }
  let pauseMs = 0;
  for (const { changes, pauseMs: longest, commitMs, totalMs } of full.pauses) {
    const name = `changes${changes}`;
    figures[`${name}PauseMs`] = rounded(longest);
    figures[`${name}CommitMs`] = rounded(commitMs);
    figures[`${name}TotalMs`] = rounded(totalMs);
    pauseMs = Math.max(pauseMs, rounded(longest));
  }
  log('memory allocated by looking and deciding');
  const { allocated } = await ask({ assets: small, wanted: ['allocations'] });
  for (const [name, bytes] of Object.entries(allocated)) figures[`${name}AllocatedBytes`] = rounded(bytes);
  const allocatedBytes = Math.max(
    ...['look', 'open', 'gated'].map((name) => Math.round(allocated[name] ?? Number.NaN)),
  );
  return {
    figures,
    budgets: {
      rssOverEmptyMb: atMost(200, rssOverEmptyMb),
      pauseMs: atMost(20, pauseMs),
      allocatedBytes: atMost(0, allocatedBytes),
    },
  };
};

/** A fresh process that can collect garbage when told; allocations are counted between two collections far apart. */
async function ask(asked: Asked): Promise<Told> {
  const semiSpace = asked.wanted.includes('allocations')
    ? ['--min-semi-space-size=256', '--max-semi-space-size=256']
    : [];
  const child = fork(new URL('policy-map-child.ts', import.meta.url), {
    execArgv: ['--import', 'tsx', '--expose-gc', ...semiSpace],
  });
  try {
    child.send(asked);
    const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
      Told | number | null,
    ];
    if (typeof message !== 'object' || message === null) throw new Error('the process of the map ended');
    return message;
  } finally {
    child.kill();
  }
}
