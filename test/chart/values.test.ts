import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { configFields } from '../../src/config/arguments.ts';
import { environmentName } from '../../src/config/environment.ts';
import { options } from '../../src/config/options.ts';
import { chartFlags } from '../../tools/chart/chart-options.ts';
import { readValueDocs } from '../../tools/chart/values-docs.ts';
import { chartPath, renderChart, renderedChart } from '../tools/chart.ts';
import { type ChartValues, chartCases } from '../tools/chart-cases.ts';
import { helmUnavailable } from '../tools/helm-kubectl.ts';
import { configOf, podTemplateOf } from '../tools/pod-template.ts';
import { objectsIn } from '../tools/shipped-manifests.ts';

const skip = helmUnavailable() ?? false;
const documented = readValueDocs().flatMap(({ values }) => values);

/** What depends on alerts and dashboards: monitoring.test.ts proves it with such of its own. */
const provenWithMonitoring = /^metrics\.(prometheusRule\.(disabled|alertLabels|runbookPrefix)|dashboards\..*)$/;

function textOf(file: string): string {
  return readFileSync(join(chartPath, file), 'utf8');
}

/** The value at `path`, such as `service.ports.http`; undefined when something on the way is missing. */
function valueAt(values: ChartValues, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as ChartValues | undefined | null)?.[key], values);
}

/** `values` without what is at `path`. */
function without(values: ChartValues, path: string): ChartValues {
  const [key = '', ...rest] = path.split('.');
  const { [key]: value, ...others } = values;
  return rest.length === 0 ? others : { ...others, [key]: without(value as ChartValues, rest.join('.')) };
}

test('values.yaml: every value is documented once, by a sentence', () => {
  const paths = documented.map(({ path }) => path);
  assert.equal(new Set(paths).size, paths.length);
  assert.ok(paths.length > 150);
  for (const { path, doc } of documented) assert.match(doc, /[.:]$|\)$/, `${path} is described by a sentence`);
});

test('values.schema.json: it knows each value of values.yaml, and no other', () => {
  interface Schema {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly additionalProperties?: unknown;
  }
  const schema = JSON.parse(textOf('values.schema.json')) as Schema;
  const known: string[] = [];
  const visit = (part: Schema, path: string) => {
    if (part.additionalProperties !== false) return void known.push(path);
    if (documented.some((value) => value.path === path)) return void known.push(path);
    for (const [key, child] of Object.entries(part.properties ?? {})) visit(child, path === '' ? key : `${path}.${key}`);
  };
  visit(schema, '');
  assert.deepEqual(known.filter((path) => path !== 'global').sort(), documented.map(({ path }) => path).sort());
});

test('values: each one changes something in one of the cases', { skip }, async () => {
  const idle: string[] = [];
  const unset: string[] = [];
  const renders = new Map<string, string>();
  for (const { path } of documented) {
    if (provenWithMonitoring.test(path)) continue;
    const cases = chartCases.filter(({ values }) => valueAt(values, path) !== undefined);
    if (cases.length === 0) unset.push(path);
    let changes = cases.length === 0;
    for (const { name, values } of cases) {
      if (changes) break;
      const whole = renders.get(name) ?? (await renderedChart(values));
      renders.set(name, whole);
      const { ok, stdout } = await renderChart(without(values, path));
      // Without it the rest may not fit together any more: then it was read.
      changes = !ok || stdout !== whole;
    }
    if (!changes) idle.push(path);
  }
  assert.deepEqual({ unset, idle }, { unset: [], idle: [] });
});

test('config: every option of the program can be set by its flag, and comes out as it went in', { skip }, async () => {
  /** Something that is not the default, as YAML has it. */
  const examples: Readonly<Record<string, unknown>> = {
    address: ['127.0.0.1', '::1'],
    'published-http-port': 8080,
    'published-https-port': 'same',
    'status-address': '0.0.0.0',
    'admin-address': '::1',
    'proxy-protocol-from': ['10.0.0.0/8'],
    'snapshot-key-file': '/etc/key',
    'network-proxy-transport': 'loopback',
    zone: 'eu-1a',
    'trusted-proxies': '10.0.0.0/8,192.0.2.1',
    'max-request-body': false,
    'connect-timeout': '1500ms',
    'upstream-read-timeout': 'off',
    'upstream-send-timeout': 0,
    retries: 0,
    'load-balancing': 'least-request',
    'unknown-server-name': 'refuse',
    'allow-cidrs': ['2001:db8::/32'],
    'deny-cidrs': ['192.0.2.7'],
    'max-header-size': '32k',
    'max-buffered': 1_000_000_000,
    'access-log': 'all',
    'access-log-format': 'ingress-nginx',
    'otlp-endpoint': 'http://collector:4318/v1/traces',
    'otlp-service-name': 'edge',
    'otlp-sample-ratio': 0.25,
    'redis-url': 'redis://redis:6379/0',
    'redis-username': 'edge',
    'redis-password-file': '/etc/redis-password',
    'redis-ca-file': '/etc/redis-ca.crt',
    'log-level': 'debug',
  };
  const defaults = configOf(podTemplateOf(objectsIn(await renderedChart({})))).config;
  const config: Record<string, unknown> = {};
  for (const field of configFields) {
    const { flag, value } = options[field];
    if (!chartFlags().includes(flag)) continue;
    const before = defaults[field];
    config[flag] = examples[flag] ?? (typeof before === 'boolean' ? !before : value.placeholder === 'DURATION' ? '7s' : 77);
  }
  const pod = podTemplateOf(objectsIn(await renderedChart({ config })));
  const { config: changed } = configOf(pod);
  const unchanged = configFields.filter(
    (field) => chartFlags().includes(options[field].flag) && JSON.stringify(changed[field]) === JSON.stringify(defaults[field]),
  );
  assert.deepEqual(unchanged, []);
});

test('config: what an environment variable says can be given with extraEnv', { skip }, async () => {
  const name = environmentName('accessLog');
  const text = await renderedChart({ extraEnv: [{ name, value: 'all' }] });
  assert.match(text, new RegExp(`name: ${name}\\n\\s+value: all`));
});

test('Chart.yaml: its versions and image are those of package.json, and its annotations are what Artifact Hub reads', () => {
  const { version, license } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string; license: string };
  const chart = parse(textOf('Chart.yaml')) as Readonly<Record<string, string>> & {
    readonly annotations: Readonly<Record<string, string>>;
  };
  assert.equal(chart.version, version);
  assert.equal(chart.appVersion, version);
  const { annotations } = chart;
  assert.equal(annotations['artifacthub.io/license'], license);
  assert.deepEqual(parse(annotations['artifacthub.io/images'] ?? ''), [
    { name: 'smartproxy-ingress', image: `smartproxy-ingress:${version}` },
  ]);
  const kinds = ['added', 'changed', 'deprecated', 'removed', 'fixed', 'security'];
  const changes = parse(annotations['artifacthub.io/changes'] ?? '') as readonly { kind: string; description: string }[];
  for (const { kind, description } of changes) assert.ok(kinds.includes(kind) && description.length > 0);
  for (const value of Object.values(annotations)) assert.equal(typeof value, 'string');
});
