import type { Operations } from '../contract/world.ts';
import type { Runtime } from './runtime.ts';
import { holdElection } from './election.ts';
import { appointCouncil, devRpc, JOY, transfer, UNSTAKING_BLOCKS } from './staging.ts';

const FUNDS = 100_000n * JOY;
const CURATOR_PERMISSIONS = ['UpdateChannelMetadata', 'UpdateVideoMetadata', 'AddVideo', 'ManageVideoAssets'];

type People = Pick<
  Operations,
  | 'buyMembership'
  | 'updateAccounts'
  | 'setWorker'
  | 'terminateWorker'
  | 'startLeaving'
  | 'exitWorker'
  | 'electCouncil'
  | 'createCuratorGroup'
  | 'addCurator'
  | 'removeCurator'
  | 'setCuratorGroupStatus'
  | 'updateCuratorGroupPermissions'
>;

/** Members, workers and curators. The bank buys memberships and gives everybody something to pay fees with. */
export function createPeople(runtime: Omit<Runtime, 'bucket'>): People {
  const { api, sender, read, leadOf, controllerOf } = runtime;
  const { call, send } = sender;
  const asContentLead = async (name: string, ...args: readonly unknown[]) =>
    send((await leadOf('content')).account, call(name, ...args));

  return {
    buyMembership: async ({ handle, controller, root = controller }) => {
      const bought = await send(
        sender.bank,
        call('members.buyMembership', {
          rootAccount: root,
          controllerAccount: controller,
          handle,
          metadata: '0x',
          referrerId: null,
        }),
        ...[...new Set([controller, root])].map((account) => transfer(sender, account, FUNDS)),
      );
      return { memberId: bought.arg('members.MembershipBought', 0), block: bought.block };
    },
    updateAccounts: async ({ member, controller = null, root = null }) => {
      const { rootAccount } = await read<{ rootAccount: string }>('members.membershipById', member);
      const signer = api.createType('AccountId', rootAccount).toHex();
      if (controller !== null) await send(sender.bank, transfer(sender, controller, FUNDS));
      return send(signer, call('members.updateAccounts', member, root, controller));
    },

    setWorker: async ({ group, worker, member, roleAccount }) => {
      const pallet = `${group}WorkingGroup`;
      const controller = await controllerOf(member);
      if (worker !== undefined) {
        const { block } = await send(controller, call(`${pallet}.updateRoleAccount`, worker, roleAccount));
        return { worker, block };
      }
      const lead = await leadOf(group);
      const stake = (
        api.consts[pallet]!.minimumApplicationStake as unknown as { toBigInt(): bigint }
      ).toBigInt();
      const stakingAccount = sender.account(`stake of ${String(member)} in ${group}`);
      await send(
        sender.bank,
        ...[stakingAccount, roleAccount].map((account) => transfer(sender, account, FUNDS)),
      );
      await send(stakingAccount, call('members.addStakingAccountCandidate', member));
      await send(controller, call('members.confirmStakingAccount', member, stakingAccount));
      const added = await send(
        lead.account,
        call(
          `${pallet}.addOpening`,
          '0x',
          'Regular',
          { stakeAmount: stake, leavingUnstakingPeriod: api.consts[pallet]!.minUnstakingPeriodLimit },
          null,
        ),
      );
      const openingId = added.arg<number>(`${pallet}.OpeningAdded`, 0);
      const applied = await send(
        controller,
        call(`${pallet}.applyOnOpening`, {
          memberId: member,
          openingId,
          roleAccountId: roleAccount,
          rewardAccountId: roleAccount,
          description: '0x',
          stakeParameters: { stake, stakingAccountId: stakingAccount },
        }),
      );
      const application = applied.arg<number>(`${pallet}.AppliedOnOpening`, 1);
      const filled = await send(lead.account, call(`${pallet}.fillOpening`, openingId, [application]));
      const [hired] = Object.values(filled.arg<Record<string, number>>(`${pallet}.OpeningFilled`, 1));
      return { worker: hired!, block: filled.block };
    },
    terminateWorker: async ({ group, worker }) =>
      send((await leadOf(group)).account, call(`${group}WorkingGroup.terminateRole`, worker, null, null)),
    startLeaving: async ({ group, worker }) => {
      const { roleAccountId } = await read<{ roleAccountId: string }>(
        `${group}WorkingGroup.workerById`,
        worker,
      );
      const signer = api.createType('AccountId', roleAccountId).toHex();
      return send(signer, call(`${group}WorkingGroup.leaveRole`, worker, null));
    },
    /** Of itself, at the end of the unstaking period: a few blocks for the leads that are appointed here. */
    exitWorker: async ({ group, worker }) => {
      for (let blocks = 0; blocks < 2 * UNSTAKING_BLOCKS; blocks++) {
        await devRpc(api, 'dev_newBlock', [{ count: 1 }]);
        if ((await read(`${group}WorkingGroup.workerById`, worker)) === null)
          return { block: await read<number>('system.number') };
      }
      throw new Error(`The worker ${String(worker)} of ${group} stays`);
    },
    /** By candidacies and votes where every seat is taken; otherwise written into the state. */
    electCouncil: async ({ members }) => {
      const seats = Number(api.consts.council!.councilSize!.toString());
      if (members.length === seats) return { block: await holdElection(runtime, members) };
      await appointCouncil(runtime, members);
      return { block: await read<number>('system.number') };
    },

    createCuratorGroup: async ({ active, permissionsByLevel = {} }) => {
      const created = await asContentLead('content.createCuratorGroup', active, levelsOf(permissionsByLevel));
      return { group: created.arg('content.CuratorGroupCreated', 0), block: created.block };
    },
    addCurator: ({ group, worker }) =>
      asContentLead('content.addCuratorToGroup', group, worker, CURATOR_PERMISSIONS),
    removeCurator: ({ group, worker }) => asContentLead('content.removeCuratorFromGroup', group, worker),
    /** Refused by the runtime's call filter. */
    updateCuratorGroupPermissions: ({ group, permissionsByLevel }) =>
      asContentLead('content.updateCuratorGroupPermissions', group, levelsOf(permissionsByLevel)),
    setCuratorGroupStatus: ({ group, active }) =>
      asContentLead('content.setCuratorGroupStatus', group, active),
  };
}

const levelsOf = (permissionsByLevel: Readonly<Record<string, readonly string[]>>) =>
  new Map(Object.entries(permissionsByLevel).map(([level, actions]) => [Number(level), actions]));
