import { setTimeout } from 'node:timers/promises';
import type { Random } from '../support/random-tables.ts';
import type { Arena } from './arena.ts';

/** What a fault touches, and with it which errors it explains. */
export type Touches = 'database' | 'storage' | 'process';

interface Fault {
  readonly name: string;
  readonly touches: Touches;
  run(arena: Arena, ms: number): Promise<void>;
}

/** Something that went wrong on purpose; `to` is Infinity while it lasts. `performance.now()`s. */
export interface Incident {
  readonly name: string;
  readonly touches: Touches;
  readonly from: number;
  to: number;
}

const spoil = (fault: 'error' | 'missing' | 'corrupt' | 'truncate' | 'slow' | 'hang'): Fault => ({
  name: `the storage node fails: ${fault}`,
  touches: 'storage',
  run: async ({ storage }, ms) => {
    storage.fail(fault);
    await setTimeout(ms);
    storage.fail(null);
  },
});

async function freeze(pids: readonly number[], ms: number): Promise<void> {
  const send = (signal: NodeJS.Signals): void => {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  send('SIGSTOP');
  await setTimeout(ms);
  send('SIGCONT');
}

const FAULTS: readonly Fault[] = [
  ...(['error', 'missing', 'corrupt', 'truncate', 'slow', 'hang'] as const).map(spoil),
  {
    name: 'the storage node cannot be reached',
    touches: 'storage',
    run: async ({ toStorage }, ms) => {
      toStorage.refuse();
      await setTimeout(ms);
      toStorage.mend();
    },
  },
  {
    name: 'connections to the storage node are cut',
    touches: 'storage',
    run: async ({ toStorage }) => toStorage.cut(),
  },
  {
    name: 'connections to the database are cut',
    touches: 'database',
    run: async ({ toDatabase }) => toDatabase.cut(),
  },
  {
    name: 'the database cannot be reached',
    touches: 'database',
    run: async ({ toDatabase }, ms) => {
      toDatabase.refuse();
      await setTimeout(ms);
      toDatabase.mend();
    },
  },
  {
    name: 'the network to the database swallows everything',
    touches: 'database',
    run: async ({ toDatabase }, ms) => {
      toDatabase.swallow();
      await setTimeout(ms);
      toDatabase.mend();
      toDatabase.cut();
    },
  },
  {
    name: 'the database stands still',
    touches: 'database',
    run: async (arena, ms) => freeze(await arena.backends(), ms),
  },
  {
    name: 'the database restarts',
    touches: 'database',
    run: ({ postgres }, ms) => postgres.restart('fast', ms / 4),
  },
  {
    name: 'the database crashes',
    touches: 'database',
    run: ({ postgres }, ms) => postgres.restart('immediate', ms / 4),
  },
];

const KILLS: readonly Fault[] = [
  {
    name: 'the distributor is killed',
    touches: 'process',
    run: async ({ distributor }) => {
      await distributor.kill('SIGKILL');
      await distributor.restart();
    },
  },
  {
    name: 'one of its processes is killed',
    touches: 'process',
    run: async ({ processes }, ms) => {
      const before = await processes();
      const pid = before.at(-1);
      if (pid === undefined || before.length === 1) return;
      process.kill(pid, 'SIGKILL');
      await setTimeout(ms);
    },
  },
];

/** How long after a fault what it broke may still show. */
const RECOVERY_MS: Readonly<Record<Touches, number>> = { database: 20_000, storage: 10_000, process: 5_000 };

/** Faults, one after the other, with rests between them. */
export class Faults {
  readonly incidents: Incident[] = [];

  /** Ends with `signal`, never in the middle of a fault. */
  async run(arena: Arena, random: Random, mayKill: () => boolean, signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted;
    for (;;) {
      await setTimeout(1_000 + random(4_000), undefined, { signal }).catch(() => undefined);
      if (isOver()) return;
      const faults = mayKill() && random(6) === 0 ? KILLS : FAULTS;
      const fault = faults[random(faults.length)];
      if (fault === undefined) continue;
      const incident = { name: fault.name, touches: fault.touches, from: performance.now(), to: Infinity };
      this.incidents.push(incident);
      await fault.run(arena, 300 + random(5_000));
      incident.to = performance.now();
    }
  }

  /** Whether something of this kind was broken, or had only just been mended, at some time between two moments. */
  explains(touches: Touches, from: number, to: number): boolean {
    return this.incidents.some(
      (one) => one.touches === touches && one.from <= to && one.to + RECOVERY_MS[touches] >= from,
    );
  }
}
