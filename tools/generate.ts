// `npm run generate`: writes the files that come from others: pages from the code's own tables, types from the CRDs, and the manifest that
// comes from the chart.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { helmUnavailable } from '../test/tools/helm-kubectl.ts';
import { installManifestPath, renderInstallManifest } from './chart/install-manifest.ts';
import { generatedFiles } from './generated-files.ts';

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  console.log(`wrote ${path}`);
}

for (const { path, render } of generatedFiles) write(path, render());
const without = helmUnavailable();
if (without === undefined) write(installManifestPath, await renderInstallManifest());
else console.log(`left ${installManifestPath} as it is: ${without}`);
