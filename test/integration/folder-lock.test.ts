import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockFolder } from '../../services/distributor/folder-lock.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

/** A socket that a process has left behind which was killed. */
function leaveSocket(dir: string): void {
  const path = JSON.stringify(join(dir, 'lock'));
  const script = `require('net').createServer().listen(${path}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
}

it('a folder is one process’s, until that lets go of it', async () => {
  await using folder = await createTemporaryFolder();
  const lock = await lockFolder(folder.path);
  await expect(lockFolder(folder.path)).rejects.toThrow('another process uses the folder');
  await lock[Symbol.asyncDispose]();
  await (await lockFolder(folder.path))[Symbol.asyncDispose]();
});

it('what was left behind goes to one of all who want it at the same time', async () => {
  for (let round = 0; round < 10; round += 1) {
    await using folder = await createTemporaryFolder();
    leaveSocket(folder.path);
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => lockFolder(folder.path)));
    const locks = results.filter((result) => result.status === 'fulfilled');
    expect(locks).toHaveLength(1);
    for (const { value } of locks) await value[Symbol.asyncDispose]();
  }
});
