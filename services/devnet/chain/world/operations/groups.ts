import { Problem } from '../../../../../shared/wire/index.ts';
import { groupItems, membershipById } from '../items.ts';
import type { Operations } from '../operation.ts';
import { parseAccount } from '../text.ts';

const UNSTAKING_PERIOD_BLOCKS = 14_400;

type GroupOperations = Operations<
  'setWorker' | 'setLead' | 'terminateWorker' | 'startLeaving' | 'exitWorker'
>;

export const groups: GroupOperations = {
  setWorker: (change, { group, worker, member, roleAccount }) => {
    const items = groupItems(group);
    const account = parseAccount(roleAccount);
    const membership = change.get('member', membershipById, member);
    const known = worker === undefined ? null : change.find(items.workerById, worker);
    if (worker !== undefined && known) {
      if (known.memberId !== member)
        throw new Problem(
          'bad_request',
          `The worker ${String(worker)} is the member ${String(known.memberId)}`,
        );
      change.put(items.workerById, [worker], { ...known, roleAccountId: account });
      change.emit(items.pallet, 'WorkerRoleAccountUpdated', worker, account);
      return { worker };
    }

    if (worker !== undefined && worker < (change.find(items.nextWorkerId) ?? 0))
      throw new Problem('not_found', `The worker ${String(worker)} has been there and has left`);
    if (worker !== undefined) change.put(items.nextWorkerId, [], worker);
    const hired = change.takeId(items.nextWorkerId);
    const [opening, application] = [
      change.takeId(items.nextOpeningId),
      change.takeId(items.nextApplicationId),
    ];
    change.put(items.workerById, [hired], {
      memberId: member,
      roleAccountId: account,
      stakingAccountId: membership.controllerAccount,
      rewardAccountId: membership.controllerAccount,
      startedLeavingAt: null,
      jobUnstakingPeriod: UNSTAKING_PERIOD_BLOCKS,
      rewardPerBlock: null,
      missedReward: null,
      createdAt: change.block,
    });
    change.put(items.activeWorkerCount, [], (change.find(items.activeWorkerCount) ?? 0) + 1);
    change.emit(items.pallet, 'OpeningFilled', opening, new Map([[application, hired]]), [application]);
    return { worker: hired };
  },

  setLead: (change, { group, worker }) => {
    const items = groupItems(group);
    if (worker === null) {
      change.get('lead of the group', items.currentLead);
      change.remove(items.currentLead);
      change.emit(items.pallet, 'LeaderUnset');
    } else {
      change.get('worker', items.workerById, worker);
      change.put(items.currentLead, [], worker);
      change.emit(items.pallet, 'LeaderSet', worker);
    }
    return {};
  },

  /** Curator groups go on listing the worker, as on the real chain. */
  terminateWorker: (change, { group, worker }) => {
    const items = groupItems(group);
    change.get('worker', items.workerById, worker);
    const isLead = change.find(items.currentLead) === worker;
    if (isLead) {
      change.remove(items.currentLead);
      change.emit(items.pallet, 'LeaderUnset');
    }
    change.remove(items.workerById, worker);
    change.put(items.activeWorkerCount, [], Math.max(0, (change.find(items.activeWorkerCount) ?? 0) - 1));
    change.emit(items.pallet, isLead ? 'TerminatedLeader' : 'TerminatedWorker', worker, null, null);
    return {};
  },

  /** The worker, and a lead too, stays in office for the unstaking period: only the mark is set. */
  startLeaving: (change, { group, worker }) => {
    const items = groupItems(group);
    const known = change.get('worker', items.workerById, worker);
    if (known.startedLeavingAt !== null)
      throw new Problem('bad_request', `The worker ${String(worker)} is leaving already`);
    change.put(items.workerById, [worker], { ...known, startedLeavingAt: change.block });
    change.emit(items.pallet, 'WorkerStartedLeaving', worker, null);
    return {};
  },

  exitWorker: (change, { group, worker }) => {
    const items = groupItems(group);
    const { startedLeavingAt } = change.get('worker', items.workerById, worker);
    if (startedLeavingAt === null)
      throw new Problem('bad_request', `The worker ${String(worker)} has not announced to leave`);
    if (change.find(items.currentLead) === worker) {
      change.remove(items.currentLead);
      change.emit(items.pallet, 'LeaderUnset');
    }
    change.remove(items.workerById, worker);
    change.put(items.activeWorkerCount, [], Math.max(0, (change.find(items.activeWorkerCount) ?? 0) - 1));
    change.emit(items.pallet, 'WorkerExited', worker);
    return {};
  },
};
