import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { atLeast, atMost, median, quantile, race, ratio, type Times } from '../../bench/harness.ts';

describe('the harness', () => {
  it('takes the median by the nearest rank, of numbers and not of texts', () => {
    expect(median([10, 9, 100])).toBe(10);
    expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
    expect(() => median([])).toThrow(RangeError);
  });

  it('keeps a budget at its limit and not beyond', () => {
    expect([atMost(2, 2).met, atMost(2, 2.01).met]).toEqual([true, false]);
    expect([atLeast(0.9, 0.9).met, atLeast(0.9, 0.89).met]).toEqual([true, false]);
    expect(atMost(2, Number.NaN).met).toBe(false);
  });

  it('compares round by round', () => {
    const times = (...roundsUs: number[]): Times => ({ roundsUs, p50Us: 0, p99Us: 0 });
    expect(ratio(times(2, 40, 6), times(1, 10, 2))).toBe(3);
  });

  it('gives each contestant its rounds and ends with a wrong answer', () => {
    const options = { rounds: 3, roundMs: 1, log: () => undefined };
    const turns: number[] = [];
    const times = race(
      { one: { work: (turn) => turns.push(turn) > 0 }, other: { work: () => true } },
      options,
    );
    expect(times.one.roundsUs).toHaveLength(3);
    expect(turns.slice(0, 3)).toEqual([0, 1, 2]);
    expect(() => race({ liar: { work: (turn) => turn < 2 } }, options)).toThrow('liar gave a wrong answer');
  });
});

describe('npm run bench', () => {
  const bench = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], { encoding: 'utf8' });

  it('lists the names, and ends with 2 when it does not understand', () => {
    expect(bench('--help')).toMatchObject({ status: 0, stderr: '' });
    expect(bench('--help').stdout).toContain('  token ');
    const ofAnother = ['token', '--assets', '100000'];
    const twice = ['load', '--seed', '1', '--seed', '2'];
    for (const args of [
      [],
      ['nope'],
      ['toString'],
      ['token', 'token'],
      ['token', '--jsn'],
      ofAnother,
      twice,
    ]) {
      const { status, stdout, stderr } = bench(...args);
      expect([args, status, stdout]).toEqual([args, 2, '']);
      expect(stderr).toContain('  token ');
    }
  });
});
