import { readFileSync } from 'node:fs';
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { chartFolder } from './chart-folder.ts';

/** One value of the chart as its README shows it. */
export interface ValueDoc {
  /** `service.ports.http` */
  readonly path: string;
  readonly default: unknown;
  readonly doc: string;
}

/** A chapter of values.yaml: what follows a comment of its own that begins with `## `. */
export interface ValueChapter {
  readonly title: string;
  readonly values: readonly ValueDoc[];
}

/**
 * The values of values.yaml with the comments above them. A map whose entries have comments is described by these; any other one is a
 * value itself. Throws for a value without a comment.
 */
export function readValueDocs(text = readFileSync(`${chartFolder}/values.yaml`, 'utf8')): readonly ValueChapter[] {
  const document = parseDocument(text);
  if (!isMap(document.contents)) throw new Error('Cannot read values.yaml: it is no map');
  const chapters: { title: string; values: ValueDoc[] }[] = [];
  for (const pair of document.contents.items) {
    const comments = commentOf(pair, document.contents);
    // The first comment of the file is separated from its first value, and so is part of the document.
    const before = pair === document.contents.items[0] ? `${document.commentBefore ?? ''}\n\n${comments}` : comments;
    const title = /^# ?(.+)$/m.exec(before)?.[1];
    if (title !== undefined) chapters.push({ title: title.trim(), values: [] });
    const values = valuesOf(pair, '', document.contents);
    if (chapters.length === 0) throw new Error(`Cannot document ${values[0]?.path}: no chapter begins before it`);
    chapters.at(-1)?.values.push(...values);
  }
  return chapters;
}

function commentOf(pair: Pair, map: YAMLMap): string {
  const own = isScalar(pair.key) ? pair.key.commentBefore : undefined;
  // The comment above the first entry of a map belongs to the map.
  return own ?? (pair === map.items[0] ? map.commentBefore : undefined) ?? '';
}

function valuesOf(pair: Pair, parent: string, map: YAMLMap): readonly ValueDoc[] {
  const path = parent + String(isScalar(pair.key) ? pair.key.value : pair.key);
  const { value } = pair;
  if (isMap(value) && value.items.some((child) => hasComments(child as Pair, value))) {
    return value.items.flatMap((child) => valuesOf(child as Pair, `${path}.`, value));
  }
  // What stands apart above it is the title of a chapter.
  const paragraph =
    commentOf(pair, map)
      .split(/\n\s*\n/)
      .at(-1) ?? '';
  const doc = paragraph
    .split('\n')
    .map((line) => line.trim())
    .join(' ');
  if (doc === '') throw new Error(`Cannot document ${path}: no comment stands above it in values.yaml`);
  const content = value === null || value === undefined ? null : (value as { toJSON(): unknown }).toJSON();
  return [{ path, default: content, doc }];
}

function hasComments(pair: Pair, map: YAMLMap): boolean {
  if (commentOf(pair, map) !== '') return true;
  return isMap(pair.value) && pair.value.items.some((child) => hasComments(child as Pair, pair.value as YAMLMap));
}

/** README.md of the chart. */
export function renderChartReadme(): string {
  const lines = readValueDocs().flatMap(({ title, values }) => [
    '',
    `### ${title}`,
    '',
    '| Value | Default | Meaning |',
    '|---|---|---|',
    ...values.map(({ path, default: value, doc }) => `| \`${path}\` | ${shown(value)} | ${doc.replaceAll('|', '\\|')} |`),
  ]);
  return `${introduction}${lines.join('\n')}\n`;
}

function shown(value: unknown): string {
  return value === null || value === '' ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

const introduction = `# smartproxy-ingress

Made from \`values.yaml\` by \`npm run generate\`; do not edit.

A Kubernetes ingress controller and proxy in TypeScript that tracks the life of every connection. This chart needs Kubernetes 1.29 and
Helm 3.17 or newer. It has no hooks but \`helm test\`. For kubectl alone, [install.yaml](../../manifests/install.yaml) is this chart with its
defaults, and [overlays](../../overlays) change it with kustomize.

\`\`\`sh
docker build -t REGISTRY/smartproxy-ingress:0.1.0 . && docker push REGISTRY/smartproxy-ingress:0.1.0
helm install smartproxy-ingress deploy/helm/smartproxy-ingress --namespace smartproxy-ingress --create-namespace --set image.repository=REGISTRY/smartproxy-ingress
helm test smartproxy-ingress --namespace smartproxy-ingress
\`\`\`

A value that does not fit fails before anything is installed, with a sentence that names it. \`helm uninstall\` leaves nothing behind but
the addresses in the status of Ingresses, and the CustomResourceDefinitions with all SmartRoutes and SmartProxyConfigs, unless
\`crds.keep\` is \`false\`.

- **Upgrades** start a new pod, and stop an old one when the new one is ready. The old one goes on accepting for \`drain.delay\` and lets
  requests finish for \`drain.timeout\`. \`--reset-then-reuse-values\` keeps the values that you gave, and takes the chart's for what is new;
  \`--reuse-values\` knows nothing of values that a newer chart brings, and fails with the names of those that are missing.
- **Autoscaling** that is turned on for a release that runs: the number of pods is the autoscaler's then, and without one Kubernetes takes it for one
  until the autoscaler has looked. Scale the Deployment by hand right before the upgrade, to another number than \`replicas\`: Helm 4 then leaves
  it as it is. With Helm 3, do so right after.
- **Watching some namespaces only**: \`watch.namespaces\` makes Roles in them and no ClusterRole; with \`ingressClass.create: false\` and
  \`crds.install: false\` nothing of the release is an object of the cluster.
- **SmartRoutes**: their CustomResourceDefinition is part of the release, so that \`helm upgrade\` brings its new fields. It belongs to one
  release: a second one needs \`crds.install: false\`, and one of another name that comes after it \`--take-ownership\`. \`extraObjects\`
  cannot hold SmartRoutes in the install that brings their kind.
- **More ports**: \`smartProxyConfig\` with \`create: true\` and a \`spec\` of [listeners](../../../docs/smartproxyconfig.md), once the release's
  CustomResourceDefinitions are there; the Services get their ports. A SmartProxyConfig that you make yourself has the name in
  \`smartProxyConfig.name\`, and its ports are \`service.extraPorts\`.
- **On the nodes' ports**: \`kind: DaemonSet\` with \`hostPorts\` 80 and 443, or \`hostNetwork: true\`; with \`service.enabled: false\` give
  \`publishAddresses\`.
- **Seeing it**: \`metrics.serviceMonitor\` or \`metrics.podMonitor\`, \`metrics.prometheusRule\` for the alerts, \`metrics.dashboards\` for
  Grafana.

## Values
`;
