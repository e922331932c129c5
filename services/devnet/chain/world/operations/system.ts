import type { Operations } from '../operation.ts';

export const system: Operations<'upgradeRuntime'> = {
  upgradeRuntime: (change) => {
    change.emit('System', 'CodeUpdated');
    return {};
  },
};
