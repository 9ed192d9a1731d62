import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { importViolation } from './import-rules.ts';

const importPattern = /^\s*(?:import|export)\b[^'"]*?from\s+'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;

/** Every import of `src/` that goes against the design's arrows, as `file: imports X: rule`. */
export function checkImports(): readonly string[] {
  const violations: string[] = [];
  for (const file of globSync('src/**/*.ts').sort()) {
    const importer = file.slice('src/'.length, -'.ts'.length);
    for (const match of readFileSync(file, 'utf8').matchAll(importPattern)) {
      const specifier = match[1] ?? match[2] ?? '';
      const imported = normalize(join(dirname(importer), specifier)).replace(/\.ts$/, '');
      if (imported.startsWith('..')) continue; // package.json and data beside src/
      const reason = importViolation(importer, imported);
      if (reason !== undefined) violations.push(`${file}: imports ${imported}: ${reason}`);
    }
  }
  return violations;
}
