import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Document, isMap, parseAllDocuments } from 'yaml';
import { helmProgram } from '../../test/tools/helm-kubectl.ts';
import { chartFolder } from './chart-folder.ts';

const run = promisify(execFile);

/** Where the manifest for `kubectl apply -f` is. */
export const installManifestPath = 'deploy/manifests/install.yaml';

const name = 'smartproxy-ingress';
const header = `# What \`kubectl apply -f\` installs. Made from ${chartFolder} by \`npm run generate\`; do not edit.
---
apiVersion: v1
kind: Namespace
metadata:
  name: ${name}
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/audit: restricted
    pod-security.kubernetes.io/warn: restricted
`;

/** The chart with its defaults, for kubectl: with the namespace, in the order in which objects need one another, without Helm's labels. */
export async function renderInstallManifest(): Promise<string> {
  const { stdout } = await run(await helmProgram(), ['template', name, chartFolder, '--namespace', name, '--skip-tests']);
  const documents = parseAllDocuments(stdout) as Document[];
  const rank = (document: Document): number => kinds.indexOf(String(document.get('kind')));
  const sorted = documents.sort((a, b) => rank(a) - rank(b));
  for (const document of sorted) withoutHelm(document);
  return header + sorted.map((document) => `---\n${document.toString({ lineWidth: 0, directives: false })}`).join('');
}

const kinds = [
  'CustomResourceDefinition',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'Lease',
  'IngressClass',
  'Service',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'Deployment',
];

function withoutHelm(document: Document): void {
  if (!kinds.includes(String(document.get('kind')))) throw new Error(`Cannot order ${document.get('kind')}: add its kind`);
  const labels = document.getIn(['metadata', 'labels']);
  if (!isMap(labels)) throw new Error(`Cannot find the labels of ${document.get('kind')}`);
  labels.delete('helm.sh/chart');
  labels.delete('app.kubernetes.io/managed-by');
  if (document.hasIn(['metadata', 'annotations', 'helm.sh/resource-policy'])) document.deleteIn(['metadata', 'annotations']);
  // Helm says which template an object came from.
  document.commentBefore = document.commentBefore?.replace(/^ Source: .*\n?/m, '') ?? null;
  if (isMap(document.contents)) document.contents.commentBefore = document.contents.commentBefore?.replace(/^ Source: .*\n?/m, '') ?? null;
}
