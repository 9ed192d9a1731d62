// `npm run generate`: writes the files that come from others: pages from the code's own tables, types from the CRDs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { generatedFiles } from './generated-files.ts';

for (const { path, render } of generatedFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, render());
  console.log(`wrote ${path}`);
}
