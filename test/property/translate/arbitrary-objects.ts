import fc from 'fast-check';
import type { ObjectKind } from '../../../src/api/objects.ts';

/** One change of one object. */
export interface Edit {
  readonly kind: ObjectKind;
  readonly key: string;
  /** undefined: remove it. */
  readonly object: object | undefined;
}

// Few names, so that objects refer to each other, collide and disappear under each other.
const namespaces = fc.constantFrom('a', 'b');
const serviceNames = fc.constantFrom('web', 'api', 'ext');
const secretNames = fc.constantFrom('tls-1', 'tls-2', 'tls-3');
const hosts = fc.constantFrom('x.example.com', 'y.example.com', '*.example.com', 'shop.example.com', undefined, 'Not A Host', '10.0.0.1');
const times = fc.constantFrom(undefined, '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z');

const backend = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      service: fc.record({ name: serviceNames, port: fc.constantFrom({ number: 80 }, { name: 'http' }, { number: 9 }) }),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ resource: { kind: 'Bucket', name: 'b' } }, {}, null) },
);

const path = fc.record({
  path: fc.constantFrom('/', '/a', '/a/', '/a/b', 'bad', undefined),
  pathType: fc.constantFrom('Prefix', 'Exact', 'ImplementationSpecific', 'Other'),
  backend,
});

const annotations = fc.record(
  {
    'smartproxy.dev/tls-passthrough': fc.constantFrom('true', 'false'),
    'smartproxy.dev/ssl-redirect': fc.constantFrom('true', 'false', 'what'),
    'smartproxy.dev/read-timeout': fc.constantFrom('5s', '1m', 'x'),
    'smartproxy.dev/backend-protocol': fc.constantFrom('HTTP', 'HTTPS', 'GRPC', 'h2', 'FCGI'),
    'smartproxy.dev/backend-tls-ca-secret': secretNames,
    'smartproxy.dev/backend-tls-client-secret': secretNames,
    'kubernetes.io/ingress.class': fc.constantFrom('smartproxy', 'nginx'),
  },
  { requiredKeys: [] },
);

const ingress = fc.record({
  kind: fc.constant('Ingress'),
  metadata: fc.record({ creationTimestamp: times, annotations, resourceVersion: fc.nat(3).map(String) }),
  spec: fc.record(
    {
      ingressClassName: fc.constantFrom('smartproxy', 'smartproxy', 'smartproxy', 'other', 'missing'),
      defaultBackend: backend,
      rules: fc.array(fc.record({ host: hosts, http: fc.record({ paths: fc.array(path, { maxLength: 4 }) }) }), { maxLength: 3 }),
      tls: fc.array(fc.record({ hosts: fc.array(hosts, { maxLength: 2 }), secretName: fc.option(secretNames, { nil: undefined }) }), {
        maxLength: 2,
      }),
    },
    { requiredKeys: ['ingressClassName', 'rules'] },
  ),
});

const service = fc.oneof(
  fc.record({
    kind: fc.constant('Service'),
    metadata: fc.constant({}),
    spec: fc.record({
      ports: fc.array(
        fc.record({
          name: fc.constantFrom('http', 'web', ''),
          port: fc.constantFrom(80, 443),
          appProtocol: fc.constantFrom(undefined, 'https', 'grpc', 'h2'),
        }),
        { maxLength: 2 },
      ),
    }),
  }),
  fc.record({
    kind: fc.constant('Service'),
    metadata: fc.constant({}),
    spec: fc.record({ type: fc.constant('ExternalName'), externalName: fc.constantFrom('api.example.net', 'localhost', '') }),
  }),
);

const slice = fc.record({
  kind: fc.constant('EndpointSlice'),
  metadata: fc.record({ labels: fc.record({ 'kubernetes.io/service-name': serviceNames }) }),
  addressType: fc.constantFrom('IPv4', 'FQDN'),
  ports: fc.constantFrom([{ name: 'http', port: 8080 }], [{ port: 8081 }], null),
  endpoints: fc.array(
    fc.record({
      addresses: fc.constantFrom(['10.0.0.1'], ['10.0.0.2'], ['fd00::1'], []),
      conditions: fc.record({
        ready: fc.constantFrom(true, false, null),
        serving: fc.constantFrom(true, false, undefined),
        terminating: fc.boolean(),
      }),
    }),
    { maxLength: 3 },
  ),
});

const ingressClass = fc.record({
  kind: fc.constant('IngressClass'),
  metadata: fc.record({ annotations: fc.constantFrom(undefined, { 'ingressclass.kubernetes.io/is-default-class': 'true' }) }),
  spec: fc.record({ controller: fc.constantFrom('smartproxy.dev/ingress-controller', 'example.com/other') }),
});

const routeNames = fc.constantFrom('r', 's');
const foreign = fc.constantFrom(undefined, undefined, 'a', 'b');

const routeBackend = fc
  .record(
    {
      name: serviceNames,
      namespace: foreign,
      port: fc.constantFrom({ number: 80 }, { name: 'http' }, { number: 9 }, {}),
      weight: fc.constantFrom(0, 1, 5),
    },
    { requiredKeys: ['name', 'port'] },
  )
  .map(present);

const routePolicy = fc.record(
  {
    redirectToHttps: fc.boolean(),
    clients: fc.constantFrom({ allow: ['10.0.0.0/8'] }, { deny: ['10.0.0.0/33'] }),
    cors: fc.constantFrom({ allowOrigins: ['*'] }, { allowOrigins: ['https://a.example'], allowCredentials: true }),
    headers: fc.constantFrom({ request: { remove: ['Cookie'] } }, { response: { set: [{ name: 'X-A', value: 'b' }] } }),
    timeouts: fc.constantFrom({ read: '5s' }, { read: '5 s' }, {}),
    backend: fc.constantFrom(
      { protocol: 'HTTPS' },
      { tls: { caRef: { name: 'tls-1' } } },
      { tls: { clientCertificateRef: { name: 'tls-2' } } },
    ),
  },
  { requiredKeys: [] },
);

const routeAction = fc.oneof(
  { weight: 5, arbitrary: fc.record({ forward: fc.record({ backends: fc.array(routeBackend, { minLength: 1, maxLength: 2 }) }) }) },
  fc.constantFrom<object>(
    { block: {} },
    { respond: { status: 204 } },
    { redirect: { scheme: 'https' } },
    {},
    { block: {}, respond: { status: 99 } },
  ),
);

const routeRule = (name: string) =>
  fc.record(
    {
      name: fc.constant(name),
      matches: fc.array(
        fc.record(
          {
            path: fc.record({
              type: fc.constantFrom('Exact', 'Prefix', 'Regex'),
              value: fc.constantFrom('/', '/a', '/a/', '/%2e%2e/a', 'bad'),
            }),
            query: fc.constantFrom([{ name: 'q', type: 'Absent' }], [{ name: 'q', type: 'Regex', value: '(' }]),
            methods: fc.constantFrom(['GET'], ['POST', 'GET']),
            headers: fc.constantFrom([{ name: 'X-A', value: '1' }], [{ name: 'x-b', value: '2' }]),
          },
          { requiredKeys: [] },
        ),
        { minLength: 1, maxLength: 2 },
      ),
      policy: routePolicy,
      action: routeAction,
    },
    { requiredKeys: ['name', 'action'] },
  );

const smartRoute = fc
  .record({
    kind: fc.constant('SmartRoute'),
    metadata: fc.record({ creationTimestamp: times, generation: fc.nat(3) }),
    spec: fc.record(
      {
        ingressClassName: fc.constantFrom('smartproxy', 'smartproxy', 'smartproxy', 'missing'),
        hosts: fc.constantFrom(['x.example.com'], ['x.example.com', '*.example.com'], ['shop.example.com'], [], ['Bad Host']),
        priority: fc.constantFrom(0, 0, 5, -5),
        tls: fc.oneof(
          fc.constantFrom<object>({ mode: 'Passthrough' }, { mode: 'Terminate' }),
          fc.record({
            mode: fc.constantFrom('Terminate', 'TerminateAndReencrypt'),
            certificate: fc.record({ secretRef: fc.record({ name: secretNames, namespace: foreign }).map(present) }),
          }),
        ),
        policy: routePolicy,
        http: fc.record({ rules: fc.tuple(routeRule('one'), routeRule('two')) }),
        tcp: fc.record({ backends: fc.array(routeBackend, { minLength: 1, maxLength: 1 }) }),
      },
      { requiredKeys: ['ingressClassName', 'http'] },
    ),
  })
  .map(({ spec, ...rest }) => {
    // Mostly what the CRD allows: tcp goes with passthrough.
    const { http, tcp, ...more } = spec;
    const isPassthrough = (spec.tls as { mode?: string } | undefined)?.mode === 'Passthrough';
    return { ...rest, spec: isPassthrough ? { ...more, tcp } : { ...more, http } };
  });

const grant = fc.record({
  kind: fc.constant('ReferenceGrant'),
  metadata: fc.constant({}),
  spec: fc.record({
    from: fc.constantFrom(
      [{ group: 'smartproxy.dev', kind: 'SmartRoute', namespace: 'a' }],
      [{ group: 'smartproxy.dev', kind: 'SmartRoute', namespace: 'b' }],
      [],
    ),
    to: fc.constantFrom(
      [{ group: '', kind: 'Service' }],
      [
        { group: '', kind: 'Secret' },
        { group: '', kind: 'Service', name: 'web' },
      ],
      null,
    ),
  }),
});

/** Without the fields that are undefined: JSON has none. */
function present(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** The longest sequence of edits. */
export const maxEdits = 25;

/** Edits of objects that mostly make sense. @param secrets objects to choose Secrets from */
export function edits(secrets: readonly object[]): fc.Arbitrary<readonly Edit[]> {
  const secret = fc.constantFrom(...secrets);
  const edit = fc.oneof(
    { weight: 6, arbitrary: editOf('Ingress', named(fc.constantFrom('i', 'j', 'k')), ingress) },
    { weight: 6, arbitrary: editOf('SmartRoute', named(routeNames), smartRoute) },
    { weight: 2, arbitrary: editOf('ReferenceGrant', named(fc.constantFrom('g', 'h')), grant) },
    { weight: 3, arbitrary: editOf('Service', named(serviceNames), service) },
    { weight: 3, arbitrary: editOf('EndpointSlice', named(fc.constantFrom('s', 't')), slice) },
    { weight: 2, arbitrary: editOf('Secret', named(secretNames), secret) },
    { weight: 1, arbitrary: editOf('IngressClass', fc.constantFrom('smartproxy', 'other'), ingressClass) },
  );
  return fc.array(edit, { minLength: 1, maxLength: maxEdits, size: 'max' });
}

function named(names: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(namespaces, names).map(([namespace, name]) => `${namespace}/${name}`);
}

function editOf(kind: ObjectKind, key: fc.Arbitrary<string>, object: fc.Arbitrary<object>): fc.Arbitrary<Edit> {
  return fc.record({ kind: fc.constant(kind), key, object: fc.option(object, { nil: undefined, freq: 5 }) });
}

/** Any JSON where an object should be: whole, or in any field of an Ingress, SmartRoute, Service, slice, Secret or class. */
export function garbage(): fc.Arbitrary<Edit> {
  const anything = fc.jsonValue({ maxDepth: 3 });
  const list = fc.oneof(anything, fc.array(anything, { maxLength: 3 }));
  const kind = fc.constantFrom<ObjectKind>('Ingress', 'Service', 'EndpointSlice', 'Secret', 'IngressClass', 'SmartRoute', 'ReferenceGrant');
  const mostlyIngress = fc.record({
    metadata: fc.oneof(
      anything,
      fc.record({
        annotations: fc.oneof(
          anything,
          fc.dictionary(
            fc.string().map((name) => `smartproxy.dev/${name}`),
            anything,
          ),
        ),
        creationTimestamp: anything,
        uid: anything,
        labels: anything,
      }),
    ),
    spec: fc.record({
      ingressClassName: fc.constantFrom('smartproxy', 'smartproxy', 7, null),
      defaultBackend: fc.oneof(anything, fc.record({ service: anything })),
      rules: fc.oneof(
        list,
        fc.array(
          fc.record({
            host: fc.oneof(anything, fc.string()),
            http: fc.oneof(
              anything,
              fc.record({
                paths: fc.oneof(
                  list,
                  fc.array(fc.record({ path: anything, pathType: fc.constantFrom('Prefix', 'Exact'), backend: anything }), {
                    maxLength: 3,
                  }),
                ),
              }),
            ),
          }),
          { maxLength: 3 },
        ),
      ),
      hosts: list,
      http: fc.oneof(
        anything,
        fc.record({ rules: fc.oneof(list, fc.array(fc.record({ name: anything, action: anything, matches: list }))) }),
      ),
      from: list,
      to: list,
      tls: fc.oneof(list, fc.array(fc.record({ hosts: list, secretName: fc.oneof(anything, secretNames) }), { maxLength: 3 })),
      ports: list,
      type: fc.constantFrom('ExternalName', 'ClusterIP', 3),
      externalName: anything,
      controller: anything,
    }),
    data: fc.oneof(anything, fc.record({ 'tls.crt': anything, 'tls.key': anything })),
    endpoints: fc.oneof(
      list,
      fc.array(fc.record({ addresses: list, conditions: anything, hints: anything, zone: anything }), { maxLength: 3 }),
    ),
    ports: list,
    addressType: anything,
    type: anything,
  });
  return fc.record({ kind, key: fc.constantFrom('a/web', 'a/api', 'a/tls-1', 'smartproxy'), object: fc.oneof(mostlyIngress, fc.object()) });
}
