import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEMBERS_ONLY, startTestDistributor, type TestDistributor } from '../support/distributor.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

interface Output {
  readonly status: number;
  readonly stderr: string;
  readonly result: {
    readonly bench: string;
    readonly figures: Record<string, number>;
    readonly budgets: object;
  } | null;
}

let node: TestDistributor;
let folder: TemporaryFolder;
let plan: { readonly tokens: object; readonly assets: readonly object[]; readonly shares: object };

beforeAll(async () => {
  folder = await createTemporaryFolder();
  node = await startTestDistributor();
  const image = await node.addAsset();
  const film = await node.addAsset({ bytes: randomBytes(700_000), policy: MEMBERS_ONLY });
  const hidden = await node.addAsset({ isCensored: true });
  plan = {
    tokens: {
      members: [node.token(), node.token()],
      strangers: node.token({ roles: [{ role: 'channel_owner', channel: '999' }] }),
    },
    assets: [
      { id: String(image.id), bytes: 20_000 },
      { id: String(film.id), bytes: 700_000, openTo: ['members'] },
      { id: String(hidden.id), openTo: [], refusals: { noToken: 451, otherToken: 451 } },
    ],
    // As many of each, so that a second is enough for all.
    shares: { public: 1, gated: 1, range: 1, refused: 1 },
  };
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** The bench as its users start it; the distributor lives in this process, so nothing here may block. */
async function bench(told: object, ...args: readonly string[]): Promise<Output> {
  const file = join(folder.path, 'plan.json');
  await writeFile(file, JSON.stringify(told));
  const call = [
    '--import',
    'tsx',
    'bench/main.ts',
    'load',
    '--json',
    '--url',
    node.url,
    '--plan',
    file,
    ...args,
  ];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, call, (_error, stdout, stderr) => {
      const result = stdout === '' ? null : (JSON.parse(stdout) as Output['result']);
      resolve({ status: child.exitCode ?? -1, stderr, result });
    });
  });
}

describe('bench load at a distributor that runs already', () => {
  it('has figures for every kind, closed and at a rate, and no wrong answers', async () => {
    const { status, stderr, result } = await bench(plan, '--seconds', '1', '--connections', '4');
    expect(stderr).not.toContain('WRONG');
    expect(status).toBe(0);
    expect(result).toMatchObject({
      bench: 'load',
      figures: { connections: 4, seconds: 1, zipf: 0.9, seed: 1, wrongAnswers: 0 },
      budgets: { wrongAnswers: { limit: 0, value: 0, met: true } },
    });
    const { figures } = result!;
    for (const part of ['closed', 'rate'])
      for (const kind of ['All', 'Public', 'Gated', 'Range', 'Refused']) {
        for (const figure of ['PerSec', 'MbPerSec', 'P50Ms', 'P99Ms', 'P999Ms', 'MaxMs'])
          expect([part, kind, figure, figures[part + kind + figure]! > 0]).toEqual([
            part,
            kind,
            figure,
            true,
          ]);
        expect([figures[`${part + kind}Wrong`], figures[`${part + kind}Errors`]]).toEqual([0, 0]);
      }
    expect(figures.rateWantedPerSec).toBeGreaterThanOrEqual(1);
    expect(figures.closedLoaderCores).toBeGreaterThan(0);
    expect(figures.rateLateP99Ms).toBeGreaterThan(0);
  });

  it('tells of every wrong answer when the plan takes something gated for public', async () => {
    const [image, film] = plan.assets;
    const lying = { assets: [image, { ...film, openTo: undefined }], seconds: 0.5, rate: 100 };
    const { status, stderr, result } = await bench(lying);
    expect(status).toBe(1);
    expect(stderr).toMatch(/WRONG, \d+ times: public, asset 2 without a token: status 401 in place of 200/);
    const { ratePublicWrong = 0, ratePublicErrors, rateRangeWrong = 0, wrongAnswers } = result!.figures;
    expect(ratePublicErrors).toBe(0);
    expect(ratePublicWrong).toBeGreaterThan(0);
    expect(rateRangeWrong).toBeGreaterThan(0);
    expect(wrongAnswers).toBeGreaterThanOrEqual(ratePublicWrong + rateRangeWrong);
    expect(result!.budgets).toMatchObject({ wrongAnswers: { met: false } });
    expect(Object.keys(result!.figures).filter((name) => name.startsWith('closed'))).toEqual([]);
  });

  it('ends with 2, before it asks anybody, for a plan that is not usable', async () => {
    const { status, stderr, result } = await bench({ ...plan, assets: [{ id: 1 }] });
    expect([status, result]).toEqual([2, null]);
    expect(stderr).toContain('/assets/0/id');
  });
});
