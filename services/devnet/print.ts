import type { Demo } from './demo.ts';
import type { Network } from './network.ts';
import type { StepResult } from './tour/walk.ts';

/** How the devnet talks: prose for people, or one JSON object a line. */
export interface Voice {
  progress(what: string): void;
  ready(network: Network, demo: Demo): void;
  step(result: StepResult): void;
  done(allHeld: boolean, staysUp: boolean, network: Network, demo: Demo): void;
}

const WIDTH = 96;
const wrap = (text: string, indent: string): string =>
  text
    .split(' ')
    .reduce<string[]>((lines, word) => {
      const last = lines.at(-1);
      if (last === undefined || last.length + word.length + 1 > WIDTH - indent.length) lines.push(word);
      else lines[lines.length - 1] = `${last} ${word}`;
      return lines;
    }, [])
    .map((line) => indent + line)
    .join('\n');

export const prose: Voice = {
  progress: (what) => console.log(`  starting ${what} …`),
  ready: (network) =>
    console.log(`
  auth node     ${network.auth.url}   (API page: ${network.auth.url}/docs)
  distributor   ${network.distributor.url}
  indexer       ${network.indexer.url}
  chain         ${network.chain.url}
  storage node  ${network.storage.url}
  Postgres      ${network.databaseUrl}
`),
  step: ({ number, step, ok, durationMs, lines }) =>
    console.log(
      [
        `${ok ? '✓' : '✗'} ${String(number)}. ${step.title}  (${durationMs.toFixed(0)} ms)`,
        wrap(step.why, '     '),
        ...lines.map((line) => `     → ${line}`),
        '',
      ].join('\n'),
    ),
  done: (allHeld, staysUp, network, demo) => {
    console.log(allHeld ? '  Every step held.' : '  Not every step held: see ✗ above.');
    if (!staysUp) return;
    const asset = (id: string): string => `${network.distributor.url}/api/v1/assets/${id}`;
    console.log(`
  The network stays up; Ctrl-C ends it and leaves nothing behind. To paste:

  The thumbnail, which anybody may have; the film, and what would open it:
    curl -I ${asset(demo.assets.thumbnail)}
    curl -i ${asset(demo.assets.media)}
    curl ${asset(demo.assets.media)}/access

  What the distributor says of itself:
    curl ${network.distributor.url}/api/v1/status
    curl ${network.distributor.url}/metrics

  Hide the video on the chain; two blocks later its thumbnail answers 451:
    curl -X POST ${network.chain.controlUrl}/control/hideVideo -H 'content-type: application/json' -d '{"video":${demo.video},"hidden":true}'
    curl -I ${asset(demo.assets.thumbnail)}
`);
  },
};

const line = (event: Record<string, unknown>): void => console.log(JSON.stringify(event));

export const jsonLines: Voice = {
  progress: (what) => line({ event: 'starting', what }),
  ready: (network, demo) =>
    line({
      event: 'ready',
      auth: network.auth.url,
      distributor: network.distributor.url,
      indexer: network.indexer.url,
      chain: network.chain.url,
      storage: network.storage.url,
      database: network.databaseUrl,
      assets: demo.assets,
    }),
  step: ({ number, step, ok, durationMs, lines }) =>
    line({
      event: 'step',
      step: number,
      name: step.name,
      title: step.title,
      ok,
      ms: Math.round(durationMs),
      observed: lines,
    }),
  done: (allHeld, staysUp) => line({ event: 'done', ok: allHeld, staysUp }),
};
