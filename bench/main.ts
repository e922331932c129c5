import { parseWordsAndOptions, UsageError, WRONG_USAGE } from '../shared/runtime/index.ts';
import { ASSETS_OPTIONS } from './assets-option.ts';
import type { Run } from './harness.ts';
import { LOAD_OPTIONS } from './load/options.ts';
import type { Given, Options } from './options.ts';

interface Bench {
  readonly about: string;
  readonly options?: Options;
  readonly load: () => Promise<{ readonly run: Run }>;
}

/** A bench is one entry here, with its own options, and one file that exports `run`. */
const BENCHES: Readonly<Record<string, Bench>> = {
  auth: { about: 'the auth node: sign-ins and refreshes', load: () => import('./auth.ts') },
  feed: {
    about: '10 million assets from Postgres and from disk, and how fast a change counts',
    options: ASSETS_OPTIONS,
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
  load: {
    about: 'mixed traffic at any distributor: public, gated, refused, ranges',
    options: LOAD_OPTIONS,
    load: () => import('./load.ts'),
  },
  peers: {
    about: 'the same files from the distributor, from nginx and from Express, on one core',
    load: () => import('./peers.ts'),
  },
  'policy-map': {
    about: 'memory, looks, decisions and pauses of the policy map at 10 million assets',
    options: ASSETS_OPTIONS,
    load: () => import('./policy-map.ts'),
  },
  serve: { about: 'the distributor: gated and ungated assets, refusals', load: () => import('./serve.ts') },
  token: { about: 'role tokens: sign, verify, beside OpenSSL Ed25519', load: () => import('./token.ts') },
};

const USAGE = `npm run bench -- <name> [--json] [options of that bench]

  --json             only the result on stdout, as one line of JSON; progress on stderr
  --help             this

${Object.entries(BENCHES).map(describe).join('\n')}
`;

process.exitCode = await main(process.argv.slice(2));

function describe([name, { about, options = {} }]: [string, Bench]): string {
  const lines = Object.entries(options).map(
    ([option, { value, about }]) => `    ${`--${option} ${value}`.padEnd(17)}${about}`,
  );
  return [`  ${name.padEnd(19)}${about}`, ...lines].join('\n');
}

/**
 * The exit code: 1 for wrong answers, 2 for a call that is not understood. A budget that is not met is a result, not a
 * failure.
 */
async function main(args: readonly string[]): Promise<number> {
  let call: Call;
  try {
    call = parseCall(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return WRONG_USAGE;
  }
  if (call === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const { name, bench, isJson, given } = call;
  const progress = isJson ? process.stderr : process.stdout;
  try {
    const { run } = await bench.load();
    const {
      figures,
      budgets,
      isWrong = false,
    } = await run({
      log: (line) => progress.write(`${line}\n`),
      given,
    });
    process.stdout.write(`${JSON.stringify({ bench: name, figures, budgets })}\n`);
    return isWrong ? 1 : 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return WRONG_USAGE;
  }
}

type Call =
  'help' | { readonly name: string; readonly bench: Bench; readonly isJson: boolean; readonly given: Given };

/** Throws UsageError: for what no bench has, and for what this one has not. */
function parseCall(args: readonly string[]): Call {
  const declared = Object.values(BENCHES).flatMap(({ options = {} }) => Object.keys(options));
  const { words, values } = parse(args, declared);
  const { json, help, ...own } = values;
  const given = own as Given;
  if (help) return 'help';
  const [name, ...others] = words;
  if (name === undefined || others.length > 0) throw new UsageError('Name one bench.');
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (!bench) throw new UsageError(`There is no bench "${name}".`);
  for (const [option, texts] of Object.entries(given)) {
    const known = bench.options?.[option];
    if (!known) throw new UsageError(`${name} has no option --${option}.`);
    if (!known.isMany && texts.length > 1) throw new UsageError(`--${option} is given more than once.`);
  }
  return { name, bench, isJson: json, given };
}

function parse(args: readonly string[], declared: readonly string[]) {
  const own = declared.map((name) => [name, { type: 'string', multiple: true }] as const);
  return parseWordsAndOptions(args, {
    ...(Object.fromEntries(own) as Record<string, { type: 'string'; multiple: true }>),
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
}
