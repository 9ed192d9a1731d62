import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';

const importPattern = /^(?:import|export)\s(?:[^'"=;()]*?\sfrom\s+)?'([^']+)'/gm;

/**
 * The modules of a browser's script as JavaScript: `app.js`, which imports all that `entry` needs, by paths below `root`.
 * Throws when one imports what a browser can not have.
 */
export async function strippedModules(entry: URL, root: URL): Promise<ReadonlyMap<string, string>> {
  const modules = new Map<string, string>();
  const waiting = [entry];
  for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
    const path = pathBelow(root, url);
    if (modules.has(path)) continue;
    const code = stripTypeScriptTypes(await readFile(url, 'utf8'));
    for (const [, specifier = ''] of code.matchAll(importPattern)) waiting.push(importedFrom(url, specifier));
    modules.set(
      path,
      code.replaceAll(importPattern, (statement) => statement.replace(/\.ts'$/, ".js'")),
    );
  }
  return modules.set('app.js', `import './${pathBelow(root, entry)}';\n`);
}

function pathBelow(root: URL, url: URL): string {
  return url.href.slice(root.href.length).replace(/\.ts$/, '.js');
}

function importedFrom(importer: URL, specifier: string): URL {
  if (/^\.{1,2}\/.*\.ts$/.test(specifier)) return new URL(specifier, importer);
  throw new Error(`Cannot give ${importer.pathname} to browsers: it imports ${specifier}`);
}
