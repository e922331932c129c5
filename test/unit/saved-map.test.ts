import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, expect, it } from 'vitest';
import { Catalogue } from '../../services/distributor/policy/catalogue.ts';
import type { Fact } from '../../services/distributor/policy/facts.ts';
import { Knowledge } from '../../services/distributor/policy/knowledge.ts';
import { readSavedMap, saveMap, SavedMapError } from '../../services/distributor/policy/saved-map.ts';
import { generateKeyPair } from '../../shared/token/index.ts';
import { certifiedKey } from '../support/certified-key.ts';
import { fact, IDS } from './map-arbitraries.ts';

const folder = mkdtempSync(join(tmpdir(), 'panoptes-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const paths = { map: join(folder, 'map'), catalogue: join(folder, 'catalogue'), copy: join(folder, 'copy') };
const log = pino({ level: 'silent' });
const root = generateKeyPair();
const key = certifiedKey(root);
const position = { snapshot: '10:20:11,12', server: '7/8' };
const knownAt = 1_700_000_000_123.5;

async function save(facts: readonly Fact[]): Promise<Knowledge> {
  const knowledge = new Knowledge(root.publicKey, Catalogue.create(paths.catalogue), log, { worker: '3' });
  const draft = knowledge.draft('nothing');
  for (const one of facts) draft.take(one);
  draft.commit();
  const catalogue = await knowledge.catalogue.flush();
  await saveMap(paths.map, { position, knownAt, contents: knowledge.contents(), catalogue });
  return knowledge;
}

/** All there is to know, and the file it came from. */
const described = (knowledge: Knowledge) => ({
  rows: IDS.map((id) => [
    knowledge.map.findChannel(id),
    knowledge.map.findVideo(id),
    knowledge.map.findAsset(id),
    knowledge.catalogue.find(id),
    knowledge.bags.findBag(id),
    knowledge.bags.serves(id),
    ...(['channel', 'video', 'asset'] as const).map((scope) => knowledge.map.findPolicy(scope, id)),
  ]),
  sizes: { ...knowledge.sizes(), rejected: 0 },
  key: knowledge.findKey(key.kid)?.revoked,
  ours: knowledge.bags.ours,
  buckets: knowledge.bags.buckets,
  losses: [...knowledge.losses.all()],
  revocations: [...knowledge.revocations.all()],
});

async function load(): Promise<Knowledge> {
  const saved = await readSavedMap(paths.map);
  expect([saved.position, saved.knownAt]).toEqual([position, knownAt]);
  // Whoever still writes to the first one writes elsewhere.
  copyFileSync(paths.catalogue, paths.copy);
  const catalogue = Catalogue.find(paths.copy, saved.catalogue);
  if (catalogue === null) throw new Error('the catalogue is another one');
  const knowledge = new Knowledge(root.publicKey, catalogue, log, { worker: '3' });
  knowledge.restore(saved.contents);
  return knowledge;
}

const others: Fact[] = [
  { entity: 'signing_key', kid: key.kid, row: { certificate: key.certificate, isRevoked: true } },
  {
    entity: 'role_loss',
    loss: { subject: 'member:0', role: 'nft_owner', object: '0', block: 7, at: Date.now() },
  },
  {
    entity: 'revocation',
    kind: 'sid',
    value: 's',
    row: { kind: 'sid', value: 's', at: Date.now(), until: Date.now() + 1 },
  },
];

it('is what it was when it is read again, and takes changes as before', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fact, { maxLength: 60 }),
      fc.array(fact, { maxLength: 10 }),
      async (facts, more) => {
        const before = await save([...facts, ...others]);
        const after = await load();
        expect(described(after)).toEqual(described(before));
        for (const knowledge of [before, after]) {
          const draft = knowledge.draft('known');
          for (const one of more) draft.take(one);
          draft.commit();
        }
        expect(described(after)).toEqual(described(before));
        for (const { catalogue } of [before, after]) catalogue[Symbol.dispose]();
      },
    ),
    { numRuns: 60 },
  );
});

it('is refused, with a reason, when it is cut off anywhere or any bit of it has changed', async () => {
  const facts = fc.sample(fact, { numRuns: 60, seed: 1 });
  (await save([...facts, ...others])).catalogue[Symbol.dispose]();
  const whole = readFileSync(paths.map);
  const places = [
    ...Array(400).keys(),
    ...Array.from({ length: 400 }, () => Math.floor(Math.random() * whole.length)),
  ];
  for (const place of places) {
    for (const spoilt of [
      whole.subarray(0, place),
      flip(whole, place),
      Buffer.concat([whole, flip(whole, place)]),
    ]) {
      writeFileSync(paths.map, spoilt);
      await expect(readSavedMap(paths.map), `at ${place} of ${whole.length}`).rejects.toThrow(SavedMapError);
    }
  }
  rmSync(paths.map);
  await expect(readSavedMap(paths.map)).rejects.toThrow('there is none');
});

const flip = (bytes: Buffer, place: number): Buffer => {
  const spoilt = Buffer.from(bytes);
  spoilt[place]! ^= 1 << (place % 8);
  return spoilt;
};

it('leaves the earlier one when it cannot be written, and nothing else', async () => {
  const before = await save(others);
  const catalogue = await before.catalogue.flush();
  const contents = before.contents();
  const whole = readFileSync(paths.map);
  // What cannot be put into JSON stands for every failure halfway.
  const broken = { ...contents, losses: [{ ...contents.losses[0]!, block: 1n as unknown as number }] };
  await expect(saveMap(paths.map, { position, knownAt, contents: broken, catalogue })).rejects.toThrow(
    TypeError,
  );
  expect(readFileSync(paths.map)).toEqual(whole);
  await expect(saveMap('/dev/full/map', { position, knownAt, contents, catalogue })).rejects.toThrow();
  expect(readdirSync(folder).sort()).toEqual(['catalogue', 'copy', 'map']);
  before.catalogue[Symbol.dispose]();
});
