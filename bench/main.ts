import { parseArgs } from 'node:util';
import type { Run } from './harness.ts';

/** A bench is one line here and one file that exports `run`. */
const BENCHES: Readonly<Record<string, { about: string; load: () => Promise<{ run: Run }> }>> = {
  auth: { about: 'the auth node: sign-ins and refreshes', load: () => import('./auth.ts') },
  feed: {
    about: '10 million assets from Postgres and from disk, and how fast a change counts',
    load: () => import('./feed.ts'),
  },
  flood: {
    about: 'valid traffic beside 10,000 forged tokens a second and slow clients',
    load: () => import('./flood.ts'),
  },
  indexer: {
    about: 'blocks replayed, entities filled, and how soon a role that ended is refused',
    load: () => import('./indexer.ts'),
  },
  peers: {
    about: 'the same files from the distributor and from nginx, on one core',
    load: () => import('./peers.ts'),
  },
  'policy-map': {
    about: 'memory, looks, decisions and pauses of the policy map at 10 million assets',
    load: () => import('./policy-map.ts'),
  },
  serve: { about: 'the distributor: gated and ungated assets, refusals', load: () => import('./serve.ts') },
  token: { about: 'role tokens: sign, verify, beside OpenSSL Ed25519', load: () => import('./token.ts') },
};

/** Below, there is not one of everything. */
const ASSETS_MIN = 100_000;

const USAGE = `npm run bench -- <name> [--json] [--assets N]

  --json       only the result on stdout, as one line of JSON; progress on stderr
  --assets N   so many in place of 10 million, to try feed and policy-map quickly; budgets then mean nothing

${Object.entries(BENCHES)
  .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
  .join('\n')}
`;

process.exitCode = await main(process.argv.slice(2));

/** The exit code: 2 for a call that is not understood. A budget that is not met is a result, not a failure. */
async function main(args: readonly string[]): Promise<number> {
  const call = findCall(args);
  if (call?.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [name, ...others] = call?.names ?? [];
  const bench = name !== undefined && Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (!call || !bench || others.length > 0) {
    if (name !== undefined && !bench) process.stderr.write(`There is no bench "${name}".\n\n`);
    process.stderr.write(USAGE);
    return 2;
  }
  const progress = call.json ? process.stderr : process.stdout;
  const { run } = await bench.load();
  const { figures, budgets } = await run({
    log: (line) => progress.write(`${line}\n`),
    ...(call.assets === null ? {} : { assets: call.assets }),
  });
  process.stdout.write(`${JSON.stringify({ bench: name, figures, budgets })}\n`);
  return 0;
}

interface Call {
  readonly names: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
  readonly assets: number | null;
}

function findCall(args: readonly string[]): Call | null {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        assets: { type: 'string' },
      },
    });
    const assets = values.assets === undefined ? null : Number(values.assets);
    if (assets !== null && !(Number.isInteger(assets) && assets >= ASSETS_MIN)) return null;
    return { names: positionals, json: values.json, help: values.help, assets };
  } catch {
    return null;
  }
}
