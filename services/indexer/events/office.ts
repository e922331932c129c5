import { arg, asId, type Group } from '../../../shared/chain/index.ts';
import { touchWorker } from '../facts.ts';
import type { EventHandler, EventHandlers } from './handler.ts';

const GROUPS: readonly Group[] = ['content', 'storage', 'distribution', 'app'];

const touchesCuratorGroup: EventHandler = (event, { facts }) =>
  void facts.curatorGroups.add(arg(event, 0, asId));

function workingGroupEvents(group: Group): EventHandlers {
  const touches: EventHandler = (event, { facts }) => {
    touchWorker(facts, group, arg(event, 0, asId));
  };
  const touchesLead: EventHandler = (_event, { facts }) => void facts.leads.add(group);
  return Object.fromEntries(
    Object.entries({
      TerminatedWorker: touches,
      TerminatedLeader: touches,
      WorkerExited: touches,
      WorkerRoleAccountUpdated: touches,
      LeaderSet: touchesLead,
      LeaderUnset: touchesLead,
    }).map(([method, handler]) => [`${group}WorkingGroup.${method}`, handler]),
  );
}

/** Offices end, and with them the roles that are held through them. */
export const officeEvents: EventHandlers = {
  'content.CuratorRemoved': touchesCuratorGroup,
  'content.CuratorGroupStatusSet': touchesCuratorGroup,
  'content.CuratorGroupPermissionsUpdated': touchesCuratorGroup,
  'council.NewCouncilElected': (_event, { facts }) => void (facts.isCouncilNew = true),
  ...Object.fromEntries(GROUPS.flatMap((group) => Object.entries(workingGroupEvents(group)))),
};
