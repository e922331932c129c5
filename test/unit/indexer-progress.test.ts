import { expect, it } from 'vitest';
import { createProgress } from '../../services/indexer/progress.ts';

const start = () => {
  let now = 1_000;
  const progress = createProgress(() => now);
  return { progress, wait: (ms: number) => (now += ms) };
};

it('knows nothing at first', () => {
  const { progress } = start();
  expect(progress).toMatchObject({ block: -1, finalized: -1, blocksWritten: 0, failure: null });
  expect(progress.newestMsAgo(-1)).toBeNull();
});

it('tells how long ago a block was the newest, and of no other block', () => {
  const { progress, wait } = start();
  progress.sawHead(5);
  wait(40);
  expect([4, 5, 6].map((block) => progress.newestMsAgo(block))).toEqual([null, 40, null]);
  progress.sawHead(6);
  expect([5, 6].map((block) => progress.newestMsAgo(block))).toEqual([null, 0]);
});

it('fails until the block that failed is written', () => {
  const { progress } = start();
  progress.sawHead(5);
  progress.wrote(4);
  progress.failed(new Error('no'));
  expect(progress.failure).toBe('no');
  progress.resumedAt(4);
  progress.sawHead(5);
  progress.sawHead(6);
  expect(progress.failure, 'blocks are left to write').toBe('no');
  progress.wrote(5);
  expect(progress.failure).toBeNull();
});

it('fails no longer when somebody else has written everything', () => {
  const { progress } = start();
  progress.sawHead(5);
  progress.failed(new Error('no'));
  progress.resumedAt(5);
  expect(progress.failure, 'the chain may be ahead').toBe('no');
  progress.sawHead(5);
  expect(progress.failure).toBeNull();
});
