import { readFileSync } from 'node:fs';

const labels = '  labels:\n    app.kubernetes.io/name: smartproxy-ingress\n';
const templated = `  labels:
    {{- include "smartproxy.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
`;

/**
 * A CRD as a template: Helm installs what is in a chart's own folder for CRDs once, and never upgrades it. Throws when the CRD has not the
 * labels that are replaced, or text that Helm would take for its own. @param source from the repository's root
 */
export function renderCrdTemplate(source: string): string {
  const crd = readFileSync(source, 'utf8');
  if (!crd.includes(labels) || crd.includes('{{'))
    throw new Error(`Cannot make a template of ${source}: its labels are others, or it has {{`);
  const body = crd.replace(/^(#.*\n)+/, '').replace(labels, templated);
  return `{{/* Made from ${source} by \`npm run generate\`; do not edit. */}}\n{{- if .Values.crds.install }}\n${body}{{- end }}\n`;
}
