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
    'smartproxy.dev/next-upstream': fc.constantFrom('error http_503', 'off', 'whatever'),
    'smartproxy.dev/affinity': fc.constantFrom('cookie', 'ip'),
    'smartproxy.dev/upstream-hash-by': fc.constantFrom('$remote_addr', '$http_x_user', '$host'),
    'smartproxy.dev/backend-tls-ca-secret': secretNames,
    'smartproxy.dev/backend-tls-client-secret': secretNames,
    'smartproxy.dev/auth-secret': secretNames,
    'smartproxy.dev/acme-issuer': fc.constantFrom('ca', 'dns', 'nobody'),
    'cert-manager.io/issuer': fc.constant('theirs'),
    'smartproxy.dev/auth-url': fc.constantFrom('http://auth.example.com/check', 'https://auth', 'http://localhost', '$host'),
    'smartproxy.dev/auth-signin': fc.constantFrom('https://login.example.com', 'login'),
    'smartproxy.dev/auth-tls-secret': secretNames,
    'smartproxy.dev/auth-tls-verify-client': fc.constantFrom('on', 'optional', 'off', 'optional_no_ca'),
    'smartproxy.dev/auth-secret-type': fc.constantFrom('auth-file', 'auth-map', 'x'),
    'smartproxy.dev/auth-cache-key': fc.constantFrom('$remote_user$http_x', '$host'),
    'smartproxy.dev/allowlist-source-range': fc.constantFrom('10.0.0.0/8', '10.0.0.0/33'),
    'smartproxy.dev/enable-cors': fc.constantFrom('true', 'false'),
    'smartproxy.dev/cors-allow-origin': fc.constantFrom('*', 'https://a.example', 'a.example'),
    'smartproxy.dev/upstream-vhost': fc.constantFrom('backend.example', '$host'),
    'smartproxy.dev/satisfy': fc.constantFrom('any', 'all'),
    'smartproxy.dev/affinity-mode': fc.constantFrom('balanced', 'persistent'),
    'smartproxy.dev/whitelist-source-range': fc.constant('10.0.0.0/8'),
    'nginx.ingress.kubernetes.io/auth-url': fc.constant('http://auth.example.com'),
    'smartproxy.dev/auth-type': fc.constantFrom('basic', 'digest'),
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
      targetRef: fc.constantFrom({ uid: 'one' }, { uid: 'two' }, {}),
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
  spec: fc
    .record({
      controller: fc.constantFrom('smartproxy.dev/ingress-controller', 'example.com/other'),
      parameters: fc.constantFrom(undefined, parametersOf('main'), parametersOf('main'), parametersOf('other'), { name: 'main' }),
    })
    .map(present),
});

function parametersOf(name: string): object {
  return { apiGroup: 'smartproxy.dev', kind: 'SmartProxyConfig', name, namespace: 'a', scope: 'Namespace' };
}

const routeNames = fc.constantFrom('r', 's');
const foreign = fc.constantFrom(undefined, undefined, 'a', 'b');

const routeBackend = fc
  .record(
    {
      name: serviceNames,
      namespace: foreign,
      port: fc.constantFrom({ number: 80 }, { name: 'http' }, { number: 9 }, { preserve: true }, {}),
      weight: fc.constantFrom(0, 1, 5),
    },
    { requiredKeys: ['name', 'port'] },
  )
  .map(present);

const preservingBackend = fc.record({ name: serviceNames, port: fc.constant({ preserve: true }) });

/** What `tcp` and `udp` say. */
function connections(idleTimeout?: fc.Arbitrary<string>): fc.Arbitrary<object> {
  const backends = fc.array(fc.oneof(routeBackend, preservingBackend), { minLength: 1, maxLength: 2 });
  const rate = fc.record(
    { perSecond: fc.constantFrom(1, 5), burst: fc.constantFrom(2, 3), per: fc.constantFrom('Client', 'Route') },
    { requiredKeys: ['perSecond'] },
  );
  const nftables = fc.record({ preserveSource: fc.boolean(), connectionRate: rate }, { requiredKeys: [] });
  const loadBalancing = fc.constantFrom({ type: 'ConsistentHash' }, { type: 'LeastRequest', slowStart: '30s' }, { slowStart: '1s' });
  const more: Readonly<Record<string, fc.Arbitrary<unknown>>> =
    idleTimeout === undefined
      ? { loadBalancing }
      : { idleTimeout, maxSessions: fc.constantFrom(0, 9), maxSessionsPerAddress: fc.constantFrom(0, 2) };
  return fc.oneof(
    fc.record({ backends, ...more }, { requiredKeys: ['backends'] }),
    fc.record({ backends, engine: fc.constant('NFTables'), nftables, ...more }, { requiredKeys: ['backends', 'engine'] }),
  );
}

const routePolicy = fc.record(
  {
    redirectToHttps: fc.boolean(),
    clients: fc.constantFrom({ allow: ['10.0.0.0/8'] }, { deny: ['10.0.0.0/33'] }),
    mirror: fc.record({ backend: routeBackend, percent: fc.constantFrom(0, 100) }),
    buffering: fc.constantFrom({ request: true }, { answer: true, maxAnswer: '2Ki' }, {}),
    errorPages: fc.constantFrom<object[]>(
      [],
      [{ statuses: [404], text: 'x' }],
      [{ statuses: [404], configMapRef: { name: 'pages', key: '404' } }],
      [{ statuses: [503], backend: { name: 'web', port: { number: 80 } } }],
    ),
    compression: fc.constantFrom({}, { algorithms: [] }, { algorithms: ['Gzip'], types: ['text/*'], minSize: '0', level: 'Fast' }),
    rateLimits: fc.constantFrom([], [{ requests: 1, per: 'Hour' }], [{ requests: 2, per: 'Second', exempt: ['10.0.0.0/33'] }]),
    maxRequests: fc.constantFrom(0, 7),
    maxRequestsPerAddress: fc.constantFrom(0, 3),
    cors: fc.constantFrom({ allowOrigins: ['*'] }, { allowOrigins: ['https://a.example'], allowCredentials: true }),
    headers: fc.constantFrom({ request: { remove: ['Cookie'] } }, { response: { set: [{ name: 'X-A', value: 'b' }] } }),
    maintenance: fc.constantFrom({ enabled: true, allow: ['10.0.0.0/8'] }, { enabled: true, allow: ['10.0.0.0/33'] }, { enabled: false }),
    auth: fc.constantFrom(
      { none: {} },
      { basic: { secretRef: { name: 'tls-1' } } },
      { external: { url: 'https://auth.example.com/', caRef: { name: 'tls-1' } } },
      { external: { url: 'http://169.254.169.254/' } },
      { oidc: { issuer: 'https://login.example.com', clientId: 'c', secretRef: { name: 'tls-1' } } },
      { jwt: { issuer: 'i', jwks: { url: 'https://auth.example.com/keys' } } },
      { jwt: { issuer: 'i', jwks: { secretRef: { name: 'tls-2' } }, from: { cookie: 'c' } } },
      { external: { backend: { name: 'web', port: { name: 'http' } }, responseHeaders: ['X-User'] } },
      { external: { backend: { name: 'api', namespace: 'b', port: { number: 80 } }, failOpen: true } },
      { basic: { secretRef: { name: 'tls-2' }, realm: 'r', userHeader: 'X-User' } },
      { basic: { secretRef: { name: 'tls-3' }, secretType: 'AuthMap' } },
      { external: { url: 'https://auth.example.com/', cache: { key: [{ type: 'Header', name: 'X-User' }] } } },
    ),
    satisfy: fc.constantFrom('Any', 'All'),
    timeouts: fc.constantFrom({ read: '5s' }, { read: '5 s' }, { request: '1m' }, {}),
    retries: fc.constantFrom({ attempts: 2, conditions: ['Reset'], statuses: [503], grpcStatuses: ['UNAVAILABLE'] }, { attempts: 0 }, {}),
    backend: fc.constantFrom(
      { protocol: 'HTTPS' },
      { protocol: 'H2C', proxyProtocol: { version: 'V1' } },
      { proxyProtocol: { version: 'V2', tlvs: ['SSL', 'CRC32C'] } },
      { tls: { caRef: { name: 'tls-1' } } },
      { healthCheck: { type: 'HTTP', path: '/healthz', statuses: ['200-204'] } },
      { healthCheck: { type: 'TCP', interval: '1s' } },
      { outlierDetection: { consecutiveErrors: 3 } },
      { limits: { connections: 10, retryPercent: 0 } },
      { tls: { clientCertificateRef: { name: 'tls-2' } } },
    ),
  },
  { requiredKeys: [] },
);

const routeLoadBalancing = fc.constantFrom(
  undefined,
  undefined,
  { type: 'LeastRequest' },
  { type: 'ConsistentHash', hash: { type: 'Header', name: 'X-User', maxLoadPercent: 125 } },
  { type: 'ConsistentHash', hash: { type: 'Header' } },
  { sessionCookie: {} },
  { sessionCookie: { mode: 'Balanced' } },
  { slowStart: '30s' },
  { type: 'LeastRequest', sessionCookie: { name: 'sid', maxAge: '1h' } },
);

const routeAction = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      forward: fc
        .record({ backends: fc.array(routeBackend, { minLength: 1, maxLength: 2 }), loadBalancing: routeLoadBalancing })
        .map(present),
    }),
  },
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
        listeners: fc.constantFrom(['http'], ['https', 'http'], ['mail'], ['mail', 'db']),
        clientCIDRs: fc.constantFrom(['10.0.0.0/8'], ['::1', '10.0.0.0/8'], ['10.0.0.0/99']),
        tls: fc.oneof(
          fc.constantFrom<object>(
            { mode: 'Passthrough' },
            { mode: 'Terminate' },
            { mode: 'Terminate', minVersion: 'TLSv1.2' },
            { mode: 'Terminate', minVersion: 'TLSv1.3' },
            { mode: 'Terminate', clientAuth: { mode: 'Required', caRef: { name: 'tls-1' } } },
            { mode: 'Terminate', clientAuth: { mode: 'Optional', caRef: { name: 'tls-2' } }, alpn: ['http/1.1'] },
          ),
          fc.record({
            mode: fc.constantFrom('Terminate', 'TerminateAndReencrypt'),
            certificate: fc
              .record({
                secretRef: fc.record({ name: secretNames, namespace: foreign }).map(present),
                alternativeSecretRef: fc.option(fc.record({ name: secretNames, namespace: foreign }).map(present), { nil: undefined }),
              })
              .map(present),
          }),
        ),
        connection: fc.constantFrom({ idleTimeout: '5m', keepAlive: 'Extended' }, { maxConnections: 5, whenRemoved: 'Drain' }),
        httpConnection: fc.constantFrom(
          { idleTimeout: '5m', keepAlive: 'Extended' },
          { maxLifetime: '1h', whenRemoved: 'Cut' },
          { maxConnections: 5 },
        ),
        policy: routePolicy,
        http: fc.record({ rules: fc.tuple(routeRule('one'), routeRule('two')) }),
        tcp: connections(),
        udp: connections(fc.constantFrom('5s', '2m')),
      },
      { requiredKeys: ['ingressClassName', 'http'] },
    ),
  })
  .map(({ spec, ...rest }) => {
    // Mostly what the CRD allows: tcp goes with passthrough, in TLS that ends here, or by listeners.
    const { http, tcp, udp, connection, httpConnection, ...more } = spec;
    const isPassthrough = (spec.tls as { mode?: string } | undefined)?.mode === 'Passthrough';
    const isTcp =
      isPassthrough || (spec.tls !== undefined && (connection as { maxConnections?: number } | undefined)?.maxConnections === 5);
    if (spec.tls === undefined && (spec.listeners as readonly string[] | undefined)?.includes('mail') === true)
      return { ...rest, spec: present({ ...more, hosts: undefined, ...(udp === undefined ? { tcp, connection } : { udp }) }) };
    return { ...rest, spec: isTcp ? { ...more, tcp, connection } : present({ ...more, http, connection: httpConnection }) };
  });

const configListener = fc
  .record({
    name: fc.constantFrom('mail', 'db', 'http', 'https'),
    port: fc.constantFrom(80, 2525, 5432, 8443),
    publishedPort: fc.constantFrom(undefined, 80, 443),
    protocol: fc.constantFrom('TCP', 'TCP', 'UDP', 'HTTP', 'HTTPS'),
    proxyProtocol: fc.constantFrom(undefined, { from: ['10.0.0.0/8'] }, { from: ['10.0.0.0/33'] }),
  })
  .map(present);

const smartProxyConfig = fc.record({
  kind: fc.constant('SmartProxyConfig'),
  metadata: fc.record({ generation: fc.nat(3) }),
  spec: fc.record(
    {
      listeners: fc.array(configListener, { maxLength: 3 }),
      trustedProxies: fc.constantFrom([], ['10.0.0.0/8'], ['10.0.0.0/80', '::1']),
      hostClaims: fc.constantFrom(
        [{ hosts: ['x.example.com'], namespaces: ['a'] }],
        [
          { hosts: ['**.example.com'], namespaces: ['a', 'b'] },
          { hosts: ['shop.example.com'], namespaces: ['b'] },
        ],
      ),
      unclaimedHosts: fc.constantFrom('Shared', 'Oldest'),
      acme: fc.record(
        {
          issuers: fc.constant([
            { name: 'ca', directory: 'https://ca.test/dir', challenge: 'tls-alpn-01' },
            { name: 'dns', directory: 'https://ca.test/dir', dns: { cloudflare: { secretRef: { name: 'tls-1' } } } },
          ]),
          defaultIssuer: fc.constant('ca'),
        },
        { requiredKeys: ['issuers'] },
      ),
      tls: fc.constantFrom({ profile: 'Modern' }, { minVersion: 'TLSv1.3' }, { ticketKeyRotation: '1h' }),
      accessLog: fc.constantFrom({ mode: 'All' }, { format: 'JSON' }, { mode: 'Errors', format: 'IngressNginx' }),
      limits: fc.constantFrom({ maxConnections: 5 }, { clients: { allow: ['10.0.0.0/80'] } }),
      defaults: fc.record(
        { policy: routePolicy, connection: fc.constantFrom({ idleTimeout: '1m' }, { keepAlive: 'Immortal' }) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  ),
});

const grant = fc.record({
  kind: fc.constant('ReferenceGrant'),
  metadata: fc.constant({}),
  spec: fc.record({
    from: fc.constantFrom(
      [{ group: 'smartproxy.dev', kind: 'SmartRoute', namespace: 'a' }],
      [{ group: 'smartproxy.dev', kind: 'SmartRoute', namespace: 'b' }],
      [{ group: 'smartproxy.dev', kind: 'SmartProxyConfig', namespace: 'a' }],
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

const configMap = fc.record({
  kind: fc.constant('ConfigMap'),
  metadata: fc.constantFrom({ labels: { 'smartproxy.dev/error-pages': 'true' } }, {}),
  data: fc.constantFrom({ 404: 'a' }, { 404: 'b' }, { 404: 5 }, { 503: 'c' }, null),
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
    { weight: 2, arbitrary: editOf('ConfigMap', named(fc.constant('pages')), configMap) },
    { weight: 3, arbitrary: editOf('SmartProxyConfig', named(fc.constantFrom('main', 'other')), smartProxyConfig) },
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
  const kind = fc.constantFrom<ObjectKind>(
    'Ingress',
    'Service',
    'EndpointSlice',
    'Secret',
    'ConfigMap',
    'IngressClass',
    'SmartRoute',
    'SmartProxyConfig',
    'ReferenceGrant',
  );
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
      parameters: anything,
      listeners: list,
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
