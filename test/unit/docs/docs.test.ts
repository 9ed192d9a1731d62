import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { annotationsByName } from '../../../src/api/annotations.ts';
import { backendsOptions } from '../../../src/cli/backends.ts';
import { bugreportOptions } from '../../../src/cli/bugreport.ts';
import { certsOptions } from '../../../src/cli/certs.ts';
import { connectionsOptions } from '../../../src/cli/connections.ts';
import { diffOptions } from '../../../src/cli/diff.ts';
import { exitCodes } from '../../../src/cli/exit-code.ts';
import { explainOptions } from '../../../src/cli/explain.ts';
import { lintOptions } from '../../../src/cli/lint.ts';
import { runMain } from '../../../src/cli/main.ts';
import { problemsOptions } from '../../../src/cli/problems.ts';
import { routesOptions } from '../../../src/cli/routes.ts';
import { statusOptions } from '../../../src/cli/status.ts';
import { tapOptions } from '../../../src/cli/tap.ts';
import { topOptions } from '../../../src/cli/top.ts';
import { configFields, isSwitch } from '../../../src/config/arguments.ts';
import { environmentName } from '../../../src/config/environment.ts';
import { options } from '../../../src/config/options.ts';
import { responseFlags } from '../../../src/observability/counters/response-flag.ts';
import { terminationReasons } from '../../../src/observability/counters/termination-reason.ts';
import { metricTable } from '../../../src/observability/metric-table.ts';
import { troubleReasons } from '../../../src/sources/troubles.ts';
import { errorPagesLabel } from '../../../src/translate/page-text.ts';
import { problemReasons } from '../../../src/translate/translation.ts';
import { allPages } from '../../tools/pages.ts';

const pages = allPages();

function textOf(path: string): string {
  return readFileSync(path, 'utf8');
}

/** Without code blocks and code in the line, where brackets and hashes mean nothing. */
function proseOf(path: string): string {
  return textOf(path)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()#]/g, ' '));
}

/** What GitHub makes of a heading: lower case, without punctuation, dashes for spaces. */
function anchorsOf(path: string): ReadonlySet<string> {
  const headings = [
    ...textOf(path)
      .replace(/^```[\s\S]*?^```/gm, '')
      .matchAll(/^#{1,6} (.+)$/gm),
  ];
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Each distinct match of `pattern` in the pages, with a page that has it. */
function mentions(pattern: RegExp): readonly (readonly [string, string])[] {
  const found = pages.flatMap((page) => [...textOf(page).matchAll(pattern)].map(([name]) => [name, page] as const));
  assert.ok(found.length > 0, `nothing in the pages looks like ${pattern}`);
  return [...new Map(found)];
}

test('every link of the pages leads to a file, and to a heading where it names one', () => {
  let links = 0;
  for (const page of pages) {
    for (const [, target = ''] of proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links++;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      assert.ok(existsSync(file), `${page} links to ${target}, which does not exist`);
      if (anchor !== undefined) assert.ok(anchorsOf(file).has(anchor), `${page} links to ${target}, which has no such heading`);
    }
  }
  assert.ok(links > 20);
});

/** The pages that a page links to. */
function linkedFrom(page: string): readonly string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s#]+\.md)/g)].map(([, target = '']) => join(dirname(page), target));
}

test('every page directly under docs is in its index, which the README links to', () => {
  const listed = new Set(linkedFrom('docs/README.md'));
  const lost = globSync('docs/*.md').filter((page) => page !== 'docs/README.md' && !listed.has(page));
  assert.deepEqual(lost, []);
  assert.ok(linkedFrom('README.md').includes('docs/README.md'));
});

test('every other page under docs is linked from one', () => {
  const linked = new Set(globSync('docs/*.md').flatMap(linkedFrom));
  const lost = globSync('docs/*/*.md').filter((page) => !page.startsWith('docs/adr/') && !linked.has(page));
  assert.deepEqual(lost, []);
});

/** Of commands that ask a running program. */
const liveOptions = [
  ...statusOptions,
  ...problemsOptions,
  ...routesOptions,
  ...backendsOptions,
  ...connectionsOptions,
  ...topOptions,
  ...tapOptions,
  ...bugreportOptions,
];

test('every flag in the pages is an option of the program', () => {
  const ofCommands = [...certsOptions, ...explainOptions, ...lintOptions, ...diffOptions, ...liveOptions].map(({ flag }) => `--${flag}`);
  const flags = new Set([
    ...configFields.flatMap((field) => [`--${options[field].flag}`, ...(isSwitch(field) ? [`--no-${options[field].flag}`] : [])]),
    ...ofCommands,
  ]);
  /** Of other programs (curl, kubectl, Helm, Node, V8, perf, Envoy, ingress-nginx), of the bench, and of each command. */
  const others = new Set([
    ...['--cacert', '--resolve', '--force', '--help', '--no-', '--no-children', '--sort', '--cpu-prof', '--perf-basic-prof'],
    ...['--interpreted-frames-native-stack', '--single-threaded-gc', '--no-parallel-scavenge', '--max-semi-space-size'],
    ...[
      '--namespace',
      '--create-namespace',
      '--set',
      '--reuse-values',
      '--reset-then-reuse-values',
      '--take-ownership',
      '--from-file',
      '--context',
      '--pod',
    ],
    ...['--default-ssl-certificate', '--default-backend-service'],
    ...['--concurrency', '--quick', '--peers', '--beside', '--rounds', '--write', '--json'],
    ...['--inspect', '--heapsnapshot-signal', '--report-on-signal', '--print', '--uninstall'],
  ]);
  for (const [flag, page] of mentions(/(?<![\w-])--[a-z][a-z0-9-]*/g)) {
    assert.ok(flags.has(flag) || others.has(flag), `${page} names ${flag}, which is no option`);
  }
});

test('every command of ours in the pages exists', async () => {
  const names = new Set<string>();
  for (const [said] of mentions(/(?:npx |`(?:sudo )?)smartproxy-ingress [a-z]+/g)) names.add(said.replace(/^.* /, ''));
  assert.ok(names.size > 3);
  for (const name of names) {
    const complaints: string[] = [];
    const code = await runMain([name, '--help'], { env: {}, print: () => undefined, script: '' }, (line) => complaints.push(line));
    assert.deepEqual([code, complaints], [0, []], name);
  }
});

test('every environment variable in the pages is an option of the program', () => {
  const names = new Set(configFields.map(environmentName));
  for (const [name, page] of mentions(/SMARTPROXY_[A-Z0-9_]*[A-Z0-9]/g))
    assert.ok(names.has(name), `${page} names ${name}, which is no option`);
});

test('every metric in the pages is exported', () => {
  const names = new Set(
    metricTable.flatMap(({ name, type }) => (type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])),
  );
  for (const [name, page] of mentions(/\b(?:smartproxy|networkproxy)_[a-z][a-z0-9_]*/g)) {
    assert.ok(names.has(name), `${page} names ${name}, which is no metric`);
  }
});

test('every annotation in the pages is one that is read', () => {
  /** Of an EndpointSlice, a label of ConfigMaps, of Secrets that we made, the type of one, and the name of the controller in an IngressClass. */
  const others = new Set([
    'smartproxy.dev/echo',
    errorPagesLabel,
    'smartproxy.dev/acme-directory',
    'smartproxy.dev/acme-owners',
    'smartproxy.dev/ticket-keys',
    'smartproxy.dev/ingress-controller',
  ]);
  for (const [name, page] of mentions(/smartproxy\.dev\/(?!v1alpha1)[a-z][a-z-]*/g)) {
    assert.ok(annotationsByName.has(name) || others.has(name), `${page} names ${name}, which is no annotation`);
  }
});

test('every problem reason and response flag in docs/ingress.md exists', () => {
  const text = textOf('docs/ingress.md');
  const known = new Set<string>([...problemReasons, ...responseFlags, ...terminationReasons]);
  const notReasons = new Set([
    'ImplementationSpecific',
    'Exact',
    'Prefix',
    'Host',
    'Forwarded',
    'Local',
    'Opaque',
    'GET',
    'HEAD',
    'OPTIONS',
    'FQDN',
    'auto_http',
  ]);
  const names = [...text.matchAll(/`([A-Z][A-Za-z]+|[a-z]+(?:_[a-z]+)+)`/g)].map(([, name = '']) => name);
  assert.ok(names.length > 20);
  for (const name of names) assert.ok(known.has(name) || notReasons.has(name) || metricTable.some((metric) => metric.name === name), name);
});

test('docs/operations.md says of every reason for which a part does not work what helps, and of every exit status what it means', () => {
  const text = textOf('docs/operations.md');
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \|$/gm)].map(([, reason]) => reason);
  assert.deepEqual(rows, [...troubleReasons]);
  for (const { code } of Object.values(exitCodes)) assert.match(text, new RegExp(`^\\| ${code} \\|`, 'm'));
});
