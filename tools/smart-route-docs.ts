import { crdSchema, type DescribedSchema } from './crd-code.ts';
import { smartRouteFields } from './smart-route-fields.ts';

/** A field of `spec` in the order of the CRD. */
export interface SpecField {
  /** `http.rules[].name`. */
  readonly path: string;
  readonly description: string;
  /** It holds a value, or nothing but its presence; others hold fields. */
  readonly isLeaf: boolean;
}

/** All fields below `spec`. A schema that stands in two places (an alias in the file) is listed at the first. */
export function specFields(crdPath: string): readonly SpecField[] {
  const fields: SpecField[] = [];
  const seen = new Set<DescribedSchema>();
  const visit = (schema: DescribedSchema, path: string): void => {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const item = property.type === 'array' ? (property.items ?? property) : property;
      const at = `${path}${name}${property.type === 'array' && item.type === 'object' ? '[]' : ''}`;
      const isLeaf = item.type !== 'object' || item.properties === undefined;
      fields.push({ path: at, description: property.description ?? '', isLeaf });
      if (isLeaf || (seen.has(item) && isShared(name))) continue;
      seen.add(item);
      visit(item, `${at}.`);
    }
  };
  const spec = crdSchema(crdPath).properties?.spec;
  if (spec !== undefined) visit(spec, '');
  return fields;
}

/** What is described once for all its places. */
function isShared(name: string): boolean {
  return name === 'policy' || name === 'port';
}

const introduction = `# SmartRoute

One custom resource says what an Ingress can't: \`smartproxy.dev/v1alpha1\`, kind \`SmartRoute\`, short name \`sr\`. Its CRD is
[crds/smartproxy.dev_smartroutes.yaml](../crds/smartproxy.dev_smartroutes.yaml); a cluster without it is served as before, and one that gets
it later is served without a restart. A folder of manifests can hold SmartRoutes too, and they are checked by the same rules.

\`\`\`yaml
apiVersion: smartproxy.dev/v1alpha1
kind: SmartRoute
metadata: {name: shop, namespace: shop}
spec:
  ingressClassName: smartproxy
  hosts: [shop.example.com]
  tls: {mode: Terminate, certificate: {secretRef: {name: shop-tls}}}
  policy: {timeouts: {read: 30s}}
  http:
    rules:
      - name: api
        matches: [{path: {type: Prefix, value: /api}, methods: [GET]}]
        policy: {timeouts: {read: 5s}, retries: {attempts: 2}}
        action:
          forward:
            backends:
              - {name: api, port: {name: http}, weight: 9}
              - {name: api-next, port: {name: http}, weight: 1}
      - name: old
        matches: [{path: {type: Prefix, value: /old}}]
        action: {redirect: {path: {type: ReplacePrefix, value: /new}, status: 301}}
\`\`\`

What [ingress.md](ingress.md) says of classes, Services, endpoints, certificates and answers holds here too. SmartRoutes and Ingresses share
hosts: their routes are put together.

## Which route wins

1. The host: exact before longer wildcard (\`*.\` before \`**.\` of the same name) before none. When no route of a host fits, the next host
   that covers the name is tried.
2. The higher \`priority\`.
3. \`Exact\` before \`Prefix\` before \`Regex\`. The prefix \`/\` comes last: it says nothing of a path.
4. The longer path; between patterns, the longer text.
5. A match with methods before one without.
6. More headers, then more query parameters.
7. The oldest object by \`creationTimestamp\`, then the first by \`namespace/name\`, of whatever kind.
8. Within one object, the order written.

The same match with the same priority in two objects is a conflict: the oldest is served, the other is told (\`PathConflict\`). Who is oldest
also decides whether TLS of a host ends here or passes through (\`PassthroughConflict\`) and which certificate it shows
(\`CertificateConflict\`).

## Inheritance

\`policy\` may stand on the object and on a rule. Field by field, the rule's comes first, then the object's, then the options of the
controller. An Ingress's [annotations](annotations.md) set the same things.

## References

A Service or Secret of another namespace takes a \`ReferenceGrant\` (\`gateway.networking.k8s.io\`, v1 or v1beta1) there, from group
\`smartproxy.dev\`, kind \`SmartRoute\` and the namespace of the route. Where that CRD is not installed there are no grants.

## What does not work

| What is wrong | What is served |
|---|---|
| the object is not what the CRD allows | nothing of it |
| a field that does not exist | the rest |
| a pattern that is not RE2 syntax, or too large | the rule without that match |
| a match that another object, or an earlier rule, has | the other |
| a backend that is missing or not permitted | its share of the requests is answered 503; all of them when no other has a weight |
| a list of clients with something that is no address, a pattern for rewriting that can not be used | 503 |
| a CA or client certificate for backends that is missing or broken | 503 |
| a certificate that is missing, broken, not permitted or for other names | TLS with the default certificate |
| the backend of \`tcp\` is missing | no passthrough |

Each is an entry in the object's conditions, a Warning Event ([problems.md](problems.md)) and an entry in \`/debug/problems\`.

## Status

- \`Accepted\`: all of the object is valid and nothing of it lost against another. \`False\` does not mean that nothing is served: each rule
  has conditions of its own in \`status.rules\`, and the message names the field and the winner.
- \`ResolvedRefs\`: every Service and Secret is there and may be used.
- \`Programmed\`: all workers of the leader serve what is valid of it. \`Pending\` after 5 s when some do not.
- \`backends\`: how many of the Service ports that it forwards to have an endpoint that can be used, of how many.

The reason is \`Accepted\`, \`ResolvedRefs\` or \`Programmed\` while the condition holds, else that of the first
[problem](problems.md). The leader writes, nothing without a change, and one object at most every 30 s. \`--no-status\` turns it off.

## Fields

Below \`spec\`. \`http.rules[].policy\` has the fields of \`policy\`. Each field with a value has a test that drives traffic through it.

| Field | Default | Meaning | Test |
|---|---|---|---|
`;

const howTo = `
## Adding a field

A field goes into the CRD together with what it does; [ADR 005](adr/005-smartroute.md) says why. In this order:

1. The CRD: type, bounds (every list and text has one), a description, no default, and a rule in CEL where the types are not enough. It must be
   one that both the API server and \`src/api/schema-check.ts\` can compute: no functions beyond standard CEL and RE2.
2. \`npm run generate\`: types and schema in \`src/api/generated\`.
3. Cases in \`test/tools/smart-route-cases.ts\`: what each rule accepts and refuses. A real API server and translate run the same table.
4. What may be inherited: a field of \`RouteSettings\`, read in \`smart-route-policy.ts\` (and by an annotation, if Ingress gets it too), and put
   into the table's \`Policy\` by \`policies.ts\`. What may not: the table's \`Route\`, by \`read-smart-route.ts\` and \`resolve-smart-route.ts\`.
5. The table: \`route-table.ts\`, its invariant in \`validate-table.ts\`, precedence in \`compare-routes.ts\` if it matches.
6. The data plane: a row in \`filters/filter-table.ts\`, or the part that acts on it.
7. A golden in \`test/golden\`, the field in \`test/property/translate/arbitrary-objects.ts\`, a test in \`test/feature/program\` that drives traffic
   through it, and its row in \`tools/smart-route-fields.ts\`; \`npm run generate\` again for this page.
`;

/** The text of docs/smartroute.md. */
export function renderSmartRouteDocs(crdPath: string): string {
  const rows = specFields(crdPath).map(({ path, description, isLeaf }) => {
    const facts = smartRouteFields[path];
    const test = facts === undefined ? '' : `[${facts.test[1].split(' ').slice(0, 4).join(' ')}](../test/${facts.test[0]})`;
    return `| \`${path}\` | ${isLeaf ? (facts?.byDefault ?? '') : ''} | ${description.replaceAll('|', '\\|')} | ${test} |`;
  });
  return `${introduction}${rows.join('\n')}\n${howTo}`;
}
