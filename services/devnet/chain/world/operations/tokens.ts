import { Problem } from '../../../../../shared/wire/index.ts';
import type { Change } from '../change.ts';
import type { Input } from '../inputs.ts';
import { channelById, membershipById, nextTokenId, tokenAccounts, tokenInfoById } from '../items.ts';
import type { Operations } from '../operation.ts';
import { actorOf } from '../owners.ts';
import { NO_BOND, type TokenAccount } from '../records.ts';

type TokenOperations = Operations<
  | 'issueCreatorToken'
  | 'transferCreatorToken'
  | 'issuerTransferCreatorToken'
  | 'buyOnAmm'
  | 'sellOnAmm'
  | 'burnCreatorToken'
  | 'dustCreatorTokenAccount'
>;
/** Parts per million; the runtime wants some. */
const REVENUE_SPLIT_RATE = 100_000;

type Shares = Input<'transferCreatorToken'>['to'];

export const tokens: TokenOperations = {
  issueCreatorToken: (change, { channel: channelId, allocation }) => {
    const channel = change.get('channel', channelById, channelId);
    if (channel.creatorTokenId !== null)
      throw new Problem('bad_request', `The channel ${String(channelId)} has a creator token already`);
    const shares = sharesByMember(change, allocation);
    const token = change.takeId(nextTokenId);
    const supply = [...shares.values()].reduce((sum, amount) => sum + amount, 0n);
    change.put(tokenInfoById, [token], {
      totalSupply: supply,
      tokensIssued: supply,
      nextSaleId: 0,
      sale: null,
      transferPolicy: { Permissionless: null },
      accountsNumber: shares.size,
      revenueSplitRate: REVENUE_SPLIT_RATE,
    });
    for (const [member, amount] of shares) change.put(tokenAccounts, [token, member], accountOf(amount));
    change.put(channelById, [channelId], { ...channel, creatorTokenId: token });
    const initialAllocation = new Map(
      [...shares].map(([member, amount]) => [member, { amount, vestingScheduleParams: null }]),
    );
    change.emit('ProjectToken', 'TokenIssued', token, {
      initialAllocation,
      transferPolicy: { Permissionless: null },
      patronageRate: 0,
      revenueSplitRate: REVENUE_SPLIT_RATE,
      metadata: '0x',
    });
    change.emit('Content', 'CreatorTokenIssued', actorOf(channel.owner), channelId, token);
    return { token };
  },

  transferCreatorToken: (change, input) => {
    transfer(change, 'TokenAmountTransferred', input);
    return {};
  },

  issuerTransferCreatorToken: (change, input) => {
    transfer(change, 'TokenAmountTransferredByIssuer', input);
    return {};
  },

  buyOnAmm: (change, { token, member, amount: spec, price }) => {
    const info = change.get('creator token', tokenInfoById, token);
    change.get('member', membershipById, member);
    const amount = BigInt(spec);
    const known = change.find(tokenAccounts, token, member);
    const account = known ? { ...known, amount: known.amount + amount } : accountOf(amount);
    change.put(tokenAccounts, [token, member], account);
    change.put(tokenInfoById, [token], {
      ...info,
      totalSupply: info.totalSupply + amount,
      tokensIssued: info.tokensIssued + amount,
      accountsNumber: info.accountsNumber + (known ? 0 : 1),
    });
    change.emit('ProjectToken', 'TokensBoughtOnAmm', token, member, amount, BigInt(price));
    return {};
  },

  sellOnAmm: (change, { token, member, amount: spec, price }) => {
    const info = change.get('creator token', tokenInfoById, token);
    const account = change.get('creator-token account', tokenAccounts, token, member);
    const amount = BigInt(spec);
    change.put(tokenAccounts, [token, member], { ...account, amount: less(account.amount, amount) });
    change.put(tokenInfoById, [token], { ...info, totalSupply: info.totalSupply - amount });
    change.emit('ProjectToken', 'TokensSoldOnAmm', token, member, amount, BigInt(price));
    return {};
  },

  burnCreatorToken: (change, { token, member, amount: spec }) => {
    const info = change.get('creator token', tokenInfoById, token);
    const account = change.get('creator-token account', tokenAccounts, token, member);
    const amount = BigInt(spec);
    if (amount === 0n) throw new Problem('bad_request', 'Nothing to burn');
    change.put(tokenAccounts, [token, member], { ...account, amount: less(account.amount, amount) });
    change.put(tokenInfoById, [token], { ...info, totalSupply: info.totalSupply - amount });
    change.emit('ProjectToken', 'TokensBurned', token, member, amount);
    return {};
  },

  dustCreatorTokenAccount: (change, { token, member }) => {
    const info = change.get('creator token', tokenInfoById, token);
    const account = change.get('creator-token account', tokenAccounts, token, member);
    if (account.amount > 0n) throw new Problem('bad_request', 'The account still holds tokens');
    const { controllerAccount } = change.get('member', membershipById, member);
    change.remove(tokenAccounts, token, member);
    change.put(tokenInfoById, [token], { ...info, accountsNumber: info.accountsNumber - 1 });
    change.emit('ProjectToken', 'AccountDustedBy', token, member, controllerAccount, info.transferPolicy);
    return {};
  },
};

/** An account that gave everything away stays, with amount 0. */
function transfer(change: Change, event: string, { token, from, to }: Input<'transferCreatorToken'>): void {
  const info = change.get('creator token', tokenInfoById, token);
  const source = change.get('creator-token account', tokenAccounts, token, from);
  const shares = sharesByMember(change, to);
  if (shares.has(from)) throw new Problem('bad_request', 'The giver cannot be among the receivers');
  const total = [...shares.values()].reduce((sum, amount) => sum + amount, 0n);
  change.put(tokenAccounts, [token, from], { ...source, amount: less(source.amount, total) });

  let opened = 0;
  const transfers = new Map<unknown, unknown>();
  for (const [member, amount] of shares) {
    const known = change.find(tokenAccounts, token, member);
    const account = known ? { ...known, amount: known.amount + amount } : accountOf(amount);
    change.put(tokenAccounts, [token, member], account);
    if (!known) opened++;
    const payment = { payment: { amount, vestingSchedule: null }, vestingCleanupCandidate: null };
    transfers.set(known ? { Existing: member } : { NonExisting: member }, payment);
  }
  change.put(tokenInfoById, [token], { ...info, accountsNumber: info.accountsNumber + opened });
  change.emit('ProjectToken', event, token, from, transfers, '0x');
}

function accountOf(amount: bigint): TokenAccount {
  return {
    vestingSchedules: new Map(),
    amount,
    splitStakingStatus: null,
    bloatBond: NO_BOND,
    nextVestingTransferId: 0,
    lastSaleTotalPurchasedAmount: null,
  };
}

function sharesByMember(change: Change, shares: Shares): ReadonlyMap<number, bigint> {
  const byMember = new Map<number, bigint>();
  for (const { member, amount } of shares) {
    change.get('member', membershipById, member);
    if (byMember.has(member)) throw new Problem('bad_request', `The member ${String(member)} is named twice`);
    byMember.set(member, BigInt(amount));
  }
  return byMember;
}

function less(held: bigint, amount: bigint): bigint {
  if (amount > held) throw new Problem('bad_request', `The account holds ${String(held)} only`);
  return held - amount;
}
