import { writeFileSync } from 'node:fs';
import { buildVectors } from './build.ts';

// npx tsx test/vectors/generate.ts
for (const [name, text] of Object.entries(buildVectors()))
  writeFileSync(new URL(name, import.meta.url), text);
