import { defaultCertificateKey } from '../../routes/route-table.ts';
import { serviceText } from '../service-text.ts';
import { flatFields } from './flat-fields.ts';

/** One thing of a route table, in words of the objects that made it. */
export interface TableItem {
  readonly kind: 'route' | 'tls' | 'connections' | 'endpoints' | 'listener' | 'certificate' | 'settings' | 'page';
  /** `shop.example.com /cart (prefix)`. */
  readonly name: string;
  /** `Ingress shop/web`, of which it comes; undefined: of the installation. */
  readonly object: string | undefined;
  /** What holds for it, by path: `policy.retries` `1`. */
  readonly fields: ReadonlyMap<string, string>;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The things of a dumped table (`dumpTable`, `/debug/routes`) by a name that stays while they do. Policies and services are part of the
 * routes that have them, so that a change reads as one of the route; keys that are made of a content are left out.
 */
export function tableItems(dump: Json): ReadonlyMap<string, TableItem> {
  const items = new Map<string, TableItem>();
  const add = (id: string, item: TableItem) => items.set(`${item.kind} ${id}`, item);
  for (const [key, host] of entries(dump.hosts)) {
    for (const [id, item] of counted(list(host.routes).map((route) => routeItem(key, route, dump)))) add(id, item);
    if (isJson(host.tls)) add(key, tlsItem(key, host.tls, dump));
  }
  for (const [key, route] of entries(dump.l4)) {
    const { policy, backends, source, clients, kernel, idleTimeoutMs, maxSessions, maxSessionsPerAddress, listener, protocol } = route;
    const own = { kernel, idleTimeoutMs, maxSessions, maxSessionsPerAddress };
    const fields = { clients, backends: backendsOf(backends, dump), policy: policyOf(policy, dump), ...own };
    add(key, {
      kind: 'connections',
      name: `${text(listener)} (all of ${text(protocol)})`,
      object: objectOf(source),
      fields: flatFields(fields),
    });
  }
  for (const [key, set] of entries(dump.endpoints)) {
    const name = serviceText(key);
    const fields = new Map(
      list(set.endpoints).map((endpoint) => [`${text(endpoint.address)}:${text(endpoint.port)}`, text(endpoint.state)] as const),
    );
    add(name, { kind: 'endpoints', name, object: `Service ${name.replace(/:.*$/, '')}`, fields });
  }
  for (const [key, listener] of entries(dump.listeners))
    add(key, { kind: 'listener', name: key, object: undefined, fields: flatFields(listener) });
  for (const [key, certificate] of entries(dump.certificates)) {
    if (!isOwnCertificate(key)) add(key, { kind: 'certificate', name: key, object: `Secret ${key}`, fields: flatFields(certificate) });
  }
  for (const [key, settings] of entries(dump.settings))
    add(key, { kind: 'settings', name: key, object: undefined, fields: flatFields(settings) });
  for (const [key, page] of entries(dump.pages))
    add(key, { kind: 'page', name: key, object: `ConfigMap ${key.split('/').slice(0, 2).join('/')}`, fields: flatFields(page) });
  return items;
}

function routeItem(host: string, { match, action, policy, priority, source }: Json, dump: Json): TableItem {
  const { path, ...conditions } = isJson(match) ? match : {};
  const { value, kind } = isJson(path) ? path : {};
  const does = isJson(action) ? { ...action, backends: backendsOf(action.backends, dump) } : action;
  return {
    kind: 'route',
    name: `${host} ${text(value)} (${text(kind)})`,
    object: objectOf(source),
    fields: flatFields({ match: conditions, action: does, priority, policy: policyOf(policy, dump) }),
  };
}

/** Each by object, host and path, and by its place among those that differ in their conditions alone. Keys of routes count matches, and shift. */
function counted(routes: readonly TableItem[]): readonly (readonly [string, TableItem])[] {
  const groups = Map.groupBy(routes, ({ object, name }) => `${object} ${name}`);
  return [...groups].flatMap(([id, items]) => items.map((item, place) => [`${id} ${place}`, item] as const));
}

function tlsItem(host: string, tls: Json, dump: Json): TableItem {
  const { policy, tcp, backends, source, key: _, ...rest } = tls;
  const inside = isJson(tcp)
    ? { ...tcp, key: undefined, source: undefined, backends: backendsOf(tcp.backends, dump), policy: policyOf(tcp.policy, dump) }
    : undefined;
  // Of passed TLS the policy is that of a route, by its key; of TLS that ends here it is TLS's own.
  const held = typeof policy === 'string' ? policyOf(policy, dump) : isJson(policy) ? { ...policy, key: undefined } : undefined;
  const certificates = Array.isArray(rest.certificates) ? rest.certificates.filter((key) => !isOwnCertificate(String(key))) : undefined;
  const fields = flatFields({ ...rest, certificates, backends: backendsOf(backends, dump), policy: held, tcp: inside });
  return { kind: 'tls', name: host, object: objectOf(source) ?? (isJson(tcp) ? objectOf(tcp.source) : undefined), fields };
}

/** One that the program made for itself, which no object says anything of. */
function isOwnCertificate(key: string): boolean {
  return key === defaultCertificateKey || key.startsWith('local-ca/');
}

/** Each with what its service is, by name in place of place. */
function backendsOf(backends: unknown, { services }: Json): unknown {
  if (!Array.isArray(backends)) return undefined;
  const known = isJson(services) ? services : {};
  return Object.fromEntries(
    list(backends).map(({ service, weight, listeners }) => {
      const key = typeof service === 'string' ? service : '';
      const found = known[key];
      const settings = isJson(found) ? { ...found, name: undefined, namespace: undefined, port: undefined } : {};
      return [key === '' ? 'missing' : serviceText(key), { weight, listeners, ...settings }];
    }),
  );
}

function policyOf(key: unknown, { policies }: Json): unknown {
  return isJson(policies) && typeof key === 'string' ? policies[key] : undefined;
}

function objectOf(source: unknown): string | undefined {
  return isJson(source) ? `${text(source.kind)} ${text(source.namespace)}/${text(source.name)}` : undefined;
}

function entries(part: unknown): readonly (readonly [string, Json])[] {
  return isJson(part) ? Object.entries(part).filter((entry): entry is [string, Json] => isJson(entry[1])) : [];
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isJson) : [];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
