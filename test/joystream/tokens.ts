import type { Operations } from '../contract/world.ts';
import type { Runtime } from './runtime.ts';
import { JOY } from './staging.ts';

/** Parts per million; the runtime wants some. */
const REVENUE_SPLIT_RATE = 100_000;

type Tokens = Pick<
  Operations,
  | 'issueCreatorToken'
  | 'transferCreatorToken'
  | 'issuerTransferCreatorToken'
  | 'buyOnAmm'
  | 'sellOnAmm'
  | 'burnCreatorToken'
  | 'dustCreatorTokenAccount'
>;

/** Creator tokens. The market of a token opens with its first trade, at a price that is next to nothing. */
export function createTokens(runtime: Runtime): Tokens {
  const { sender, read, controllerOf, actorOf } = runtime;
  const { call, send } = sender;
  const channelOf = async (token: number): Promise<number> => {
    for (const [key, channel] of await runtime.api.query.content!.channelById!.entries()) {
      if ((channel.toJSON() as { creatorTokenId: number | null }).creatorTokenId === token)
        return key.args[0]!.toJSON() as number;
    }
    throw new Error(`No channel has the creator token ${String(token)}`);
  };
  const as = async (member: number, name: string, ...args: readonly unknown[]) =>
    send(await controllerOf(member), call(name, ...args));
  const openMarket = async (token: number): Promise<void> => {
    const { ammCurve } = await read<{ ammCurve: object | null }>('projectToken.tokenInfoById', token);
    if (ammCurve) return;
    const channel = await channelOf(token);
    const { actor, account } = await actorOf(channel);
    const slope = await read('projectToken.minAmmSlopeParameter');
    await send(account, call('content.activateAmm', actor, channel, { slope, intercept: JOY }));
  };

  return {
    issueCreatorToken: async ({ channel, allocation }) => {
      const { actor, account } = await actorOf(channel);
      const issued = await send(
        account,
        call('content.issueCreatorToken', actor, channel, {
          initialAllocation: new Map(
            allocation.map(({ member, amount }) => [member, { amount, vestingScheduleParams: null }]),
          ),
          transferPolicy: { Permissionless: null },
          patronageRate: 0,
          revenueSplitRate: REVENUE_SPLIT_RATE,
          metadata: '0x',
        }),
      );
      return { token: issued.arg('projectToken.TokenIssued', 0), block: issued.block };
    },
    transferCreatorToken: ({ token, from, to }) =>
      as(
        from,
        'projectToken.transfer',
        from,
        token,
        to.map(({ member, amount }) => [member, amount]),
        '0x',
      ),
    issuerTransferCreatorToken: async ({ token, to }) => {
      const channel = await channelOf(token);
      const { actor, account } = await actorOf(channel);
      const outputs = to.map(({ member, amount }) => [member, { amount, vestingSchedule: null }]);
      return send(account, call('content.creatorTokenIssuerTransfer', actor, channel, outputs, '0x'));
    },
    buyOnAmm: async ({ token, member, amount }) => {
      await openMarket(token);
      return as(member, 'projectToken.buyOnAmm', token, member, amount, null);
    },
    sellOnAmm: ({ token, member, amount }) =>
      as(member, 'projectToken.sellOnAmm', token, member, amount, null),
    burnCreatorToken: ({ token, member, amount }) => as(member, 'projectToken.burn', token, member, amount),
    dustCreatorTokenAccount: ({ token, member }) => as(member, 'projectToken.dustAccount', token, member),
  };
}
