import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { crdSchema, type DescribedSchema, type NamedSchemas } from './crd-code.ts';

/** A field of a SmartRoute's `spec` that is in `defaults` of a SmartProxyConfig, too. */
export interface SharedPlace {
  readonly place: string;
  /** What of it can be inherited, and what that is. @default all of it */
  readonly part?: { readonly description: string; readonly fields: readonly string[] };
}

/** By their name in `defaults`. */
export const sharedPlaces: Readonly<Record<string, SharedPlace>> = {
  connection: { place: 'connection' },
  policy: { place: 'policy' },
  loadBalancing: { place: 'http.rules[].action.forward.loadBalancing' },
  udp: {
    place: 'udp',
    part: { description: 'Limits of UDP sessions.', fields: ['idleTimeout', 'maxSessions', 'maxSessionsPerAddress'] },
  },
};

const first = '# From here to its end: copied from the CRD of SmartRoute by "npm run generate".';
const last = '# End of the copy.';

/** The CRD at `path` with what it shares with SmartRoute, so that nobody keeps two copies alike by hand. */
export function withSharedSchemas(path: string, smartRoutePath: string): string {
  const text = readFileSync(path, 'utf8');
  const start = text.indexOf(first);
  const end = text.indexOf(last);
  if (start === -1 || end < start) throw new Error(`Cannot copy schemas into ${path}: it has no "${first}" and "${last}"`);
  const column = start - text.lastIndexOf('\n', start) - 1;
  const spec = crdSchema(smartRoutePath).properties?.spec;
  const copies = Object.fromEntries(Object.entries(sharedPlaces).map(([name, shared]) => [name, copyOf(spec, shared)]));
  const yaml = stringify(copies, { lineWidth: 0, aliasDuplicateObjects: false });
  const indented = yaml.replaceAll(/^(?=.)/gm, ' '.repeat(column));
  return `${text.slice(0, start)}${first}\n${indented}${' '.repeat(column)}${text.slice(end)}`;
}

function copyOf(spec: DescribedSchema | undefined, { place, part }: SharedPlace): DescribedSchema {
  const whole = fieldAt(spec, place);
  if (part === undefined) return whole;
  const properties = Object.fromEntries(part.fields.map((name) => [name, fieldAt(spec, `${place}.${name}`)]));
  return { type: whole.type, description: part.description, properties };
}

/** The schema at a place such as `http.rules[].action`. */
function fieldAt(spec: DescribedSchema | undefined, place: string): DescribedSchema {
  const found = place.split('.').reduce((at, name) => {
    const field = at?.properties?.[name.replace('[]', '')];
    return name.endsWith('[]') ? field?.items : field;
  }, spec);
  if (found === undefined) throw new Error(`Cannot copy a schema: the CRD of SmartRoute has no ${place}`);
  return found;
}

/** What `spec` of a SmartRoute shares as a whole, in the modules that come of its CRD. */
export function sharedByRoute(spec: DescribedSchema | undefined): NamedSchemas {
  return new Map(sharedWholes.map(([name, { place }]) => [fieldAt(spec, place), namesOf(name)]));
}

/** The copies of that in `spec` of a SmartProxyConfig. */
export function sharedByConfig(spec: DescribedSchema | undefined): NamedSchemas {
  return new Map(sharedWholes.map(([name]) => [fieldAt(spec, `defaults.${name}`), namesOf(name)]));
}

const sharedWholes = Object.entries(sharedPlaces).filter(([, { part }]) => part === undefined);

function namesOf(name: string): { readonly constant: string; readonly type: string } {
  return { constant: `${name}Schema`, type: `SmartRoute${name.slice(0, 1).toUpperCase()}${name.slice(1)}` };
}
