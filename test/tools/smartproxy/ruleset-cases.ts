import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { KernelRoute } from '../../../src/smartproxy/nftables/kernel-route.ts';

const folder = join(import.meta.dirname, '../../unit/smartproxy/nftables/rulesets');

/** The routes of each golden ruleset, and the file with its commands. */
export function rulesetCases(): readonly { readonly name: string; readonly routes: readonly KernelRoute[]; readonly goldenFile: string }[] {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.in.yaml'))
    .map((file) => file.slice(0, -'.in.yaml'.length));
  return names.map((name) => ({
    name,
    routes: parse(readFileSync(join(folder, `${name}.in.yaml`), 'utf8')) as readonly KernelRoute[],
    goldenFile: join(folder, `${name}.out.jsonl`),
  }));
}
