import { blake2AsHex } from '@polkadot/util-crypto';
import { bnToU8a, compactAddLength, hexToU8a, u8aConcat } from '@polkadot/util';
import type { Runtime } from './runtime.ts';
import { JOY, setStorage, transfer } from './staging.ts';

type Ground = Omit<Runtime, 'bucket'>;

const VOTE = 1_000n * JOY;
const FUNDS = 10_000n * JOY;
const SALT = '0x70616e6f70746573';
/** Long enough for everybody to come forward. */
const ANNOUNCING_BLOCKS = 1_000;

/**
 * A council of the runtime's own making: candidacies, secret votes, their opening. Only the waiting is cut short, by
 * writing into the state that each stage ends with the next block. Answers with the block of `NewCouncilElected`.
 */
export async function holdElection(ground: Ground, members: readonly number[]): Promise<number> {
  const { api, sender, read, controllerOf } = ground;
  const { call, send } = sender;
  const stake = BigInt(api.consts.council!.minCandidateStake!.toString());
  const candidates = members.map((member) => ({
    member,
    stakingAccount: sender.account(`stake of candidate ${String(member)}`),
    voter: sender.account(`voter for ${String(member)}`),
  }));
  await send(
    sender.bank,
    ...candidates.flatMap(({ stakingAccount, voter }) => [
      transfer(sender, stakingAccount, stake + FUNDS),
      transfer(sender, voter, FUNDS),
    ]),
  );
  await setStorage(
    api,
    candidates.map(({ member, stakingAccount }) => [
      'members.stakingAccountIdMemberStatus',
      [stakingAccount],
      { memberId: member, confirmed: true },
    ]),
  );
  const now = await read<number>('system.number');
  const announcing = { candidatesCount: 0, endsAt: now + ANNOUNCING_BLOCKS };
  await setStorage(api, [['council.stage', [], { stage: { announcing }, changedAt: now }]]);
  await Promise.all(
    candidates.map(async ({ member, stakingAccount }) =>
      send(
        await controllerOf(member),
        call('council.announceCandidacy', member, stakingAccount, stakingAccount, stake),
      ),
    ),
  );
  await endStage(ground, 'council.stage');
  const { voting } = await read<{ voting: { currentCycleId: number } }>('referendum.stage');
  await Promise.all(
    candidates.map(({ member, voter }) =>
      send(voter, call('referendum.vote', commitment(voter, member, voting.currentCycleId), VOTE)),
    ),
  );
  await endStage(ground, 'referendum.stage');
  await Promise.all(
    candidates.map(({ member, voter }) => send(voter, call('referendum.revealVote', SALT, member))),
  );
  await endStage(ground, 'referendum.stage');
  return (await api.rpc.chain.getHeader()).number.toNumber();
}

/** Has the stage that is on end with the next block, and lets that block be. */
async function endStage({ api, read }: Ground, item: string): Promise<void> {
  const value = await read<Record<string, unknown>>(item);
  const endsAt = (await read<number>('system.number')) + 1;
  await setStorage(api, [[item, [], withEnd(value, endsAt)]]);
}

const withEnd = (value: unknown, endsAt: number): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, of]) => [key, key === 'endsAt' ? endsAt : withEnd(of, endsAt)]),
  );
};

/** What a vote says before it is opened. */
const commitment = (voter: string, member: number, cycle: number): string =>
  blake2AsHex(u8aConcat(voter, u64(member), compactAddLength(hexToU8a(SALT)), u64(cycle)));

const u64 = (value: number): Uint8Array => bnToU8a(value, { bitLength: 64 });
