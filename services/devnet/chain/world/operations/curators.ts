import { Problem } from '../../../../../shared/wire/index.ts';
import type { Input } from '../inputs.ts';
import { curatorGroupById, groupItems, nextCuratorGroupId } from '../items.ts';
import type { Operations } from '../operation.ts';

const CURATOR_PERMISSIONS = ['UpdateChannelMetadata', 'UpdateVideoMetadata', 'AddVideo', 'ManageVideoAssets'];

export const curators: Operations<
  | 'createCuratorGroup'
  | 'addCurator'
  | 'removeCurator'
  | 'setCuratorGroupStatus'
  | 'updateCuratorGroupPermissions'
> = {
  createCuratorGroup: (change, { active, permissionsByLevel = {} }) => {
    const byLevel = levelsOf(permissionsByLevel);
    const group = change.takeId(nextCuratorGroupId);
    change.put(curatorGroupById, [group], { curators: new Map(), active, permissionsByLevel: byLevel });
    change.emit('Content', 'CuratorGroupCreated', group);
    return { group };
  },

  addCurator: (change, { group, worker }) => {
    const known = change.get('curator group', curatorGroupById, group);
    change.get('content worker', groupItems('content').workerById, worker);
    if (known.curators.has(worker))
      throw new Problem('bad_request', `The worker ${String(worker)} is in the group already`);
    change.put(curatorGroupById, [group], {
      ...known,
      curators: new Map([...known.curators, [worker, CURATOR_PERMISSIONS]]),
    });
    change.emit('Content', 'CuratorAdded', group, worker, CURATOR_PERMISSIONS);
    return {};
  },

  removeCurator: (change, { group, worker }) => {
    const known = change.get('curator group', curatorGroupById, group);
    if (!known.curators.has(worker))
      throw new Problem('not_found', `The worker ${String(worker)} is not in the group ${String(group)}`);
    change.put(curatorGroupById, [group], {
      ...known,
      curators: new Map([...known.curators].filter(([id]) => id !== worker)),
    });
    change.emit('Content', 'CuratorRemoved', group, worker);
    return {};
  },

  setCuratorGroupStatus: (change, { group, active }) => {
    const known = change.get('curator group', curatorGroupById, group);
    change.put(curatorGroupById, [group], { ...known, active });
    change.emit('Content', 'CuratorGroupStatusSet', group, active);
    return {};
  },

  updateCuratorGroupPermissions: (change, { group, permissionsByLevel }) => {
    const known = change.get('curator group', curatorGroupById, group);
    const byLevel = levelsOf(permissionsByLevel);
    change.put(curatorGroupById, [group], { ...known, permissionsByLevel: byLevel });
    change.emit('Content', 'CuratorGroupPermissionsUpdated', group, byLevel);
    return {};
  },
};

function levelsOf(
  permissionsByLevel: Input<'updateCuratorGroupPermissions'>['permissionsByLevel'],
): ReadonlyMap<number, readonly string[]> {
  const byLevel = new Map(
    Object.entries(permissionsByLevel).map(([level, actions]) => [Number(level), actions]),
  );
  if ([...byLevel.keys()].some((level) => level > 255))
    throw new Problem('bad_request', 'A privilege level is at most 255');
  return byLevel;
}
