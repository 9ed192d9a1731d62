import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { crdSchema, type DescribedSchema } from './crd-code.ts';

/** Properties of a SmartRoute's `spec` that are `defaults` of a SmartProxyConfig, too. */
const shared = ['connection', 'policy'] as const;

const first = '# From here to its end: copied from the CRD of SmartRoute by "npm run generate".';
const last = '# End of the copy.';

/** The CRD at `path` with what it shares with SmartRoute, so that nobody keeps two copies alike by hand. */
export function withSharedSchemas(path: string, smartRoutePath: string): string {
  const text = readFileSync(path, 'utf8');
  const start = text.indexOf(first);
  const end = text.indexOf(last);
  if (start === -1 || end < start) throw new Error(`Cannot copy schemas into ${path}: it has no "${first}" and "${last}"`);
  const column = start - text.lastIndexOf('\n', start) - 1;
  const properties = crdSchema(smartRoutePath).properties?.spec?.properties ?? {};
  const copies = Object.fromEntries(shared.map((name): [string, DescribedSchema | undefined] => [name, properties[name]]));
  const yaml = stringify(copies, { lineWidth: 0, aliasDuplicateObjects: false });
  const indented = yaml.replaceAll(/^(?=.)/gm, ' '.repeat(column));
  return `${text.slice(0, start)}${first}\n${indented}${' '.repeat(column)}${text.slice(end)}`;
}
