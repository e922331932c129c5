import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { carry, unwrap } from '../../services/distributor/processes/carried.ts';
import { Problem } from '../../shared/wire/index.ts';

it('a problem comes over whole, and what is behind it stays in the log of where it was', async () => {
  let said = '';
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      said += chunk.toString();
      done();
    },
  });
  const log = pino(sink);
  const problem = new Problem('unavailable', 'no room', {
    headers: { 'retry-after': '3' },
    cause: new Error('ENOSPC'),
  });
  const carried = structuredClone(await carry(log, () => Promise.reject(problem)));
  expect(said).toContain('ENOSPC');
  expect(JSON.stringify(carried)).not.toContain('ENOSPC');
  expect(() => unwrap(carried)).toThrow(problem.message);
  expect(carried).toMatchObject({ code: 'unavailable', headers: { 'retry-after': '3' } });
  await expect(carry(log, () => Promise.reject(new Error('a fault')))).rejects.toThrow('a fault');
  expect(unwrap(await carry(log, () => Promise.resolve(7)))).toBe(7);
});
