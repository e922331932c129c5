import { once } from 'node:events';
import { readCommandLine, UsageError } from '../../shared/runtime/index.ts';
import { createDemo, type Demo } from './demo.ts';
import { startNetwork } from './network.ts';
import { jsonLines, prose } from './print.ts';
import { walkTour } from './tour/walk.ts';

const HELP = `The whole network on this machine, and a tour of what it does.

  npm start [-- options]

  --once      end after the tour; exit code 0 only if every step held
  --json      one JSON object a line
  --no-tour   start the network and the demo content only
  --block-ms  milliseconds between blocks (default 1000)
  --help      this text
`;

const options = readCommandLine(
  HELP,
  {
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'no-tour': { type: 'boolean', default: false },
    'block-ms': { type: 'string', default: '1000' },
  },
  (values) => {
    const blockMs = Number(values['block-ms']);
    if (!Number.isInteger(blockMs) || blockMs < 50)
      throw new UsageError('--block-ms is a whole number from 50 on');
    return { once: values.once, json: values.json, tour: !values['no-tour'], blockMs };
  },
);
const voice = options.json ? jsonLines : prose;
const asked = new AbortController();
const ask = (): void => asked.abort();
process.on('SIGINT', ask);
process.on('SIGTERM', ask);
// Whoever reads along may leave (`| head`): that ends it too, and nothing stays behind.
process.stdout.on('error', ask);
const interrupted = once(asked.signal, 'abort').then(() => 'interrupted' as const);

const GUEST_LINK_SEC = 900;

/** By Dan, who owns the film's NFT when the tour is over; `null` where a step of it did not hold. */
async function makeGuestLink({ people: { dan }, assets }: Demo): Promise<string | null> {
  dan.client.refresh();
  return dan.client.shareLink(assets.media, { lifeSec: GUEST_LINK_SEC }).catch(() => null);
}

/** Walks the tour, and stays until asked to end; answers the exit code. */
async function show(): Promise<number> {
  await using network = await startNetwork({
    ports: { auth: 8090, distributor: 8080, chain: 9944 },
    blockMs: options.blockMs,
    onProgress: (what) => voice.progress(what),
  });
  const demo = await createDemo(network);
  voice.ready(network, demo);
  const staysUp = !options.once;
  if (options.tour) {
    const walked = await Promise.race([
      interrupted,
      walkTour({ network, demo, firstHolderToken: null }, (result) => voice.step(result)),
    ]);
    if (walked === 'interrupted') return 130;
    voice.done(walked, staysUp);
    if (!staysUp) return walked ? 0 : 1;
  }
  if (!staysUp) return 0;
  voice.stays(network, demo, options.tour ? await makeGuestLink(demo) : null);
  await interrupted;
  return 0;
}

try {
  process.exitCode = await show();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// Handles that a library left open must not keep a finished devnet alive.
process.exit();
