import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('the client bundles for browsers: nothing of Node in it, and small', async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [new URL('../../shared/sdk/index.ts', import.meta.url).pathname],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    write: false,
    metafile: true,
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.some((path) => path.includes('shared/token/'))).toBe(true);
  expect(
    inputs.filter((path) => /shared\/(?:runtime|db|http|chain)\/|@polkadot\/api|node:/.test(path)),
  ).toEqual([]);
  const [bundle] = outputFiles;
  expect(bundle?.contents.length).toBeLessThan(400_000);
  // What the WebAssembly glue would ask of Node is never reached in a browser: it prefers `globalThis.crypto`.
  expect(bundle?.text).not.toMatch(/\bprocess\.env\b|\bfrom"node:/);
});
