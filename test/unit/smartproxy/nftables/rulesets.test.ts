import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildRuleset } from '../../../../src/smartproxy/nftables/build-ruleset.ts';
import { transaction } from '../../../../src/smartproxy/nftables/transaction.ts';
import { rulesetCases } from '../../../tools/smartproxy/ruleset-cases.ts';

/** Pairs of files: `rulesets/<case>.in.yaml` holds routes, `<case>.out.jsonl` the commands to nft, a line each. UPDATE_GOLDEN=1 writes the latter. */
for (const { name, routes, goldenFile } of rulesetCases()) {
  test(`ruleset ${name}: routes become the commands on file`, () => {
    const { nftables } = transaction('smartproxy-test', undefined, buildRuleset(routes)) as { readonly nftables: readonly object[] };
    const text = nftables.map((command) => `${JSON.stringify(command)}\n`).join('');
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(goldenFile, text);
    assert.equal(text, readFileSync(goldenFile, 'utf8'));
  });
}
