import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFields, parseArguments } from '../../../src/config/arguments.ts';
import { renderConfigurationDocs } from '../../../src/config/configuration-docs.ts';
import { environmentName } from '../../../src/config/environment.ts';
import type { OptionSpec } from '../../../src/config/option-spec.ts';
import { options } from '../../../src/config/options.ts';
import { renderOptionsHelp } from '../../../src/config/options-help.ts';

test('option table: every flag is unique, in kebab case, and documented', () => {
  const flags = configFields.map((field) => options[field].flag);
  assert.equal(new Set(flags).size, flags.length);
  for (const field of configFields) {
    assert.match(options[field].flag, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    assert.match(options[field].doc, /^\S.*\.$/, field);
  }
});

test('option table: every fixed default is a value that the option itself accepts', () => {
  const system = { env: {}, inPod: false, hostname: 'box', home: '/home/me', hasIpv6: true, podNamespace: undefined };
  for (const field of configFields) {
    const spec = options[field] as OptionSpec<unknown>;
    const value = spec.default({ system, manifests: false });
    const written = spec.value.format(value);
    if (written !== 'none') assert.deepEqual(spec.value.parse([written]), value, field);
  }
});

test('help and documentation: every option appears with its flag, and its variable in the documentation', () => {
  const help = renderOptionsHelp();
  const docs = renderConfigurationDocs();
  for (const field of configFields) {
    assert.match(help, new RegExp(`--(\\[no-\\])?${options[field].flag}\\b`));
    assert.ok(docs.includes(`| \`--${options[field].flag}\` | \`${environmentName(field)}\` |`), field);
  }
});

test('help and documentation: nothing of this machine leaks into them', () => {
  assert.ok(!renderConfigurationDocs().includes(process.env.HOME ?? '/root'));
});

test('arguments: --help and -h are seen anywhere', () => {
  assert.equal(parseArguments(['--http-port', '80', '-h']).help, true);
  assert.equal(parseArguments(['--help']).help, true);
  assert.equal(parseArguments([]).help, false);
});
