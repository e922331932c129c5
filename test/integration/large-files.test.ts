import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDistributor, type TestAsset, type TestDistributor } from '../support/distributor.ts';
import { beginAnswer } from '../support/partial-answer.ts';

const MIB = 2 ** 20;
let node: TestDistributor;
let films: readonly TestAsset[];

beforeAll(async () => {
  node = await startTestDistributor({ PANOPTES_SEND_BYTES_MAX: String(2 * MIB) });
  films = [
    await node.addAsset({ bytes: randomBytes(12 * MIB + 1) }),
    await node.addAsset({ bytes: randomBytes(12 * MIB) }),
  ];
  for (const film of films) await (await node.get(film)).arrayBuffer();
});
afterAll(() => node[Symbol.asyncDispose]());

it('large files go out side by side within the memory they may take, each to whom it is for', async () => {
  const buffered = async (): Promise<number> => {
    const text = await (await fetch(`${node.url}/metrics`)).text();
    return Number(/^panoptes_send_buffer_bytes (\d+)/m.exec(text)?.[1]);
  };
  for (let round = 0; round < 2; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const film = films[index % 2]!;
        return { film, answer: await beginAnswer(`${node.url}/api/v1/assets/${film.id}`) };
      }),
    );
    for (const { answer } of answers) answer.pause();
    expect(await buffered()).toBeLessThanOrEqual(2 * MIB);
    // Some leave in the middle of a chunk: what they were being sent is nobody else's.
    for (const { answer } of answers.slice(0, 3)) answer.leave();
    for (const { film, answer } of answers.slice(3)) {
      answer.resume();
      expect(await answer.ended).toBe('whole');
      expect(answer.bytes().equals(film.bytes)).toBe(true);
    }
  }
  expect(await buffered()).toBeLessThanOrEqual(2 * MIB);
});
