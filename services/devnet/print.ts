import type { Demo } from './demo.ts';
import type { Network } from './network.ts';
import type { StepResult } from './tour/walk.ts';

/** How the devnet talks: prose for people, or one JSON object a line. */
export interface Voice {
  progress(what: string): void;
  ready(network: Network, demo: Demo): void;
  step(result: StepResult): void;
  done(allHeld: boolean, staysUp: boolean): void;
  /** What there is to try while it stays up. `guestLink`: opens the film for anybody; `null` when nothing gates it. */
  stays(network: Network, demo: Demo, guestLink: string | null): void;
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

  On the chain: Ada owns a channel with one film, Ben is her collaborator. Cleo owns the film's NFT,
  Dan holds 40 of the channel's creator token.
`),
  step: ({ number, step, ok, durationMs, lines }) =>
    console.log(
      [
        `${ok ? '✓' : '✗'} ${String(number)}. ${step.title}  (${durationMs.toFixed(0)} ms)`,
        wrap(step.why, '     '),
        // What begins with a space goes on with the line before.
        ...lines.map((line) => (line.startsWith(' ') ? `       ${line}` : `     → ${line}`)),
        '',
      ].join('\n'),
    ),
  done: (allHeld) => console.log(allHeld ? '  Every step held.' : '  Not every step held: see ✗ above.'),
  stays: (network, demo, guestLink) => {
    const asset = (id: string): string => `${network.distributor.url}/api/v1/assets/${id}`;
    const control = (hidden: boolean): string =>
      `curl -X POST ${network.chain.controlUrl}/control/hideVideo -H 'content-type: application/json' -d '{"video":${demo.video},"hidden":${hidden}}'`;
    const film =
      guestLink === null
        ? `
  The thumbnail and the film, which anybody may have as long as Ada has set no policy:
    curl -I ${asset(demo.assets.thumbnail)}
    curl -I ${asset(demo.assets.media)}
    curl ${asset(demo.assets.media)}/access`
        : `
  The thumbnail, which anybody may have; the film, which is refused, and what would open it:
    curl -I ${asset(demo.assets.thumbnail)}
    curl -i ${asset(demo.assets.media)}
    curl ${asset(demo.assets.media)}/access

  The film by a link that Dan has made for a guest, good for a quarter of an hour, in a browser or
    curl -o film.mp4 '${guestLink}'`;
    console.log(`
  The network stays up; Ctrl-C ends it and leaves nothing behind. To paste:
${film}

  What the distributor says of itself:
    curl ${network.distributor.url}/api/v1/status
    curl ${network.distributor.url}/metrics

  Hide the video on the chain, and two seconds later ask for its thumbnail again: 451. Show it again:
    ${control(true)}
    curl -I ${asset(demo.assets.thumbnail)}
    ${control(false)}

  Sign in, set policies and make links yourself: the scripts in README.md work with these addresses.
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
  stays: (_network, _demo, guestLink) => line({ event: 'stays', guestLink }),
};
