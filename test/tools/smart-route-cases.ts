import { SchemaRules } from './schema-rules.ts';

/** A spec of a SmartRoute with one thing about it that its CRD allows, or does not. */
export interface SmartRouteCase {
  readonly name: string;
  /** What it is about: the message of a rule in CEL, or a word for structural limits. */
  readonly rule: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly valid: boolean;
}

const backend = { name: 'web', port: { name: 'http' } };
const configMapRef = { name: 'pages', key: '404.html' };
const forward = { forward: { backends: [backend] } };
const ruleWith = (part: object): object => ({ http: { rules: [{ name: 'all', action: forward, ...part }] } });
const action = (value: object): object => ruleWith({ action: value });
const path = (type: string, value: string): object => ruleWith({ matches: [{ path: { type, value } }] });
const policy = (value: object): object => ({ ...ruleWith({}), policy: value });
const headersOfExternal = ['requestHeaders', 'responseHeaders', 'clientHeaders'];
const external = (value: object): object => policy({ auth: { external: value } });
const kept = (durations: readonly object[]): object => external({ backend, cache: { key: [{ type: 'Cookie', name: 'sid' }], durations } });
const jwt = (value: object): object =>
  policy({ auth: { jwt: { issuer: 'https://issuer.example.com', jwks: { secretRef: { name: 'keys' } }, ...value } } });
const oidc = (value: object): object =>
  policy({ auth: { oidc: { issuer: 'https://login.example.com', clientId: 'shop', secretRef: { name: 'login' }, ...value } } });
const rewrite = (to: object): object => action({ forward: { backends: [backend], rewrite: { path: to } } });
const balance = (loadBalancing: object): object => action({ forward: { backends: [backend], loadBalancing } });
const hash = (value: object): object => balance({ type: 'ConsistentHash', hash: value });
const health = (healthCheck: object): object => policy({ backend: { healthCheck } });
const outliers = (outlierDetection: object): object => policy({ backend: { outlierDetection } });
const rewriteRule = { action: { forward: { backends: [backend], rewrite: { path: { type: 'ReplacePrefix', value: '/b' } } } } };
const tcp = { backends: [backend] };
const preserving = { backends: [{ name: 'web', port: { preserve: true } }] };
const hosts = ['shop.example.com'];
const base = ruleWith({});

/** Name, rule, what is right and what is wrong: each list with at least one. */
const table: readonly (readonly [rule: string, valid: readonly object[], invalid: readonly object[]])[] = [
  [
    'exactly one of http, tcp and udp must be set',
    [base, { listeners: ['dns'], udp: tcp }],
    [{}, { ...base, hosts, tls: { mode: 'Passthrough' }, tcp }, { listeners: ['dns'], tcp, udp: tcp }],
  ],
  [
    'udp needs listeners, and has no hosts and no tls',
    [{ listeners: ['dns'], hosts: [], udp: { backends: [{ ...backend, weight: 2 }, ...preserving.backends], idleTimeout: '1m30s' } }],
    [{ udp: tcp }, { listeners: ['dns'], hosts, udp: tcp }, { listeners: ['dns'], hosts, tls: { mode: 'Terminate' }, udp: tcp }],
  ],
  [
    'the engine NFTables reads nothing, so it has no tls',
    [
      { listeners: ['mail'], tcp: { ...tcp, engine: 'NFTables' } },
      { hosts, tls: { mode: 'Passthrough' }, tcp: { ...tcp, engine: 'Node' } },
    ],
    [{ hosts, tls: { mode: 'Passthrough' }, tcp: { ...tcp, engine: 'NFTables' } }],
  ],
  [
    'who has the TLS of a host is decided once for all clients, so with tcp and tls there are no clientCIDRs',
    [
      { ...base, hosts, tls: { mode: 'Terminate' }, clientCIDRs: ['10.0.0.0/8', '::1'] },
      { listeners: ['mail'], clientCIDRs: ['10.0.0.0/8'], tcp: { ...tcp, engine: 'NFTables' } },
      { listeners: ['dns'], clientCIDRs: ['10.0.0.0/8'], udp: { ...tcp, engine: 'NFTables' } },
      { hosts, tls: { mode: 'Passthrough' }, tcp },
    ],
    [
      { hosts, tls: { mode: 'Passthrough' }, clientCIDRs: ['10.0.0.0/8'], tcp },
      { hosts, tls: { mode: 'Terminate' }, clientCIDRs: ['10.0.0.0/8'], tcp },
    ],
  ],
  [
    'nftables goes with the engine NFTables',
    [
      { listeners: ['mail'], tcp: { ...tcp, engine: 'NFTables', nftables: { preserveSource: true, connectionRate: { perSecond: 1 } } } },
      { listeners: ['dns'], udp: { ...tcp, engine: 'NFTables', nftables: { connectionRate: { perSecond: 1, burst: 9, per: 'Route' } } } },
    ],
    [
      { listeners: ['mail'], tcp: { ...tcp, nftables: {} } },
      { listeners: ['dns'], udp: { ...tcp, engine: 'Node', nftables: {} } },
    ],
  ],
  [
    'a time from 1s to 24h',
    [{ listeners: ['dns'], udp: { ...tcp, idleTimeout: '24h', maxSessions: 0, maxSessionsPerAddress: 10 } }],
    [
      { listeners: ['dns'], udp: { ...tcp, idleTimeout: '999ms' } },
      { listeners: ['dns'], udp: { ...tcp, idleTimeout: '24h1s' } },
    ],
  ],
  [
    'Passthrough goes with tcp',
    [
      { hosts, tls: { mode: 'Passthrough' }, tcp },
      { hosts, tls: { mode: 'Terminate' }, tcp },
      { hosts, tls: { mode: 'TerminateAndReencrypt' }, tcp },
      { ...base, hosts, tls: { mode: 'Terminate' } },
      { listeners: ['mail'], tcp },
    ],
    [{ ...base, hosts, tls: { mode: 'Passthrough' } }],
  ],
  [
    'with http, ALPN offers h2 and http/1.1',
    [
      { ...base, hosts, tls: { mode: 'Terminate', alpn: ['h2', 'http/1.1'] } },
      { hosts, tls: { mode: 'Terminate', alpn: ['postgresql', 'xmpp-client'] }, tcp },
    ],
    [{ ...base, hosts, tls: { mode: 'Terminate', alpn: ['h2', 'imap'] } }],
  ],
  [
    'forwardCertificate goes with http',
    [
      { ...base, hosts, tls: { mode: 'Terminate', clientAuth: { mode: 'Required', caRef: { name: 'ca' }, forwardCertificate: true } } },
      { hosts, tls: { mode: 'Terminate', clientAuth: { mode: 'Required', caRef: { name: 'ca' }, forwardCertificate: false } }, tcp },
    ],
    [{ hosts, tls: { mode: 'Terminate', clientAuth: { mode: 'Required', caRef: { name: 'ca' }, forwardCertificate: true } }, tcp }],
  ],
  [
    'tcp without tls needs listeners, and has no hosts',
    [
      { listeners: ['mail', 'news'], tcp },
      { listeners: ['mail'], hosts: [], tcp },
    ],
    [{ tcp }, { listeners: ['mail'], hosts, tcp }, { hosts, tcp }],
  ],
  [
    'a port has either a name or a number, or is preserved',
    [
      { listeners: ['mail'], tcp: { backends: [{ ...backend, weight: 0 }, backend] } },
      { listeners: ['mail'], tcp: preserving },
      { hosts, tls: { mode: 'Passthrough' }, tcp: preserving },
      action({ forward: preserving }),
    ],
    [{}, { preserve: false }, { name: 'http', number: 80 }, { name: 'http', preserve: true }].flatMap((port) => {
      const backends = [{ name: 'web', port }];
      return [{ listeners: ['mail'], tcp: { backends } }, action({ forward: { backends } })];
    }),
  ],
  [
    'connection goes with http and tcp; udp has limits of its own',
    [
      { ...base, connection: { idleTimeout: '5m', maxLifetime: '24h', keepAlive: 'Standard', whenRemoved: 'Cut' } },
      { listeners: ['mail'], tcp, connection: { idleTimeout: '5m', keepAlive: 'Immortal', whenRemoved: 'Drain', maxConnections: 0 } },
      { hosts, tls: { mode: 'Passthrough' }, tcp, connection: { maxLifetime: '24h', maxConnectionsPerAddress: 10 } },
    ],
    [{ listeners: ['dns'], udp: tcp, connection: { idleTimeout: '5m' } }],
  ],
  [
    'firstDataTimeout goes with tcp; for http there is limits.timeouts.firstByte of the SmartProxyConfig',
    [{ listeners: ['mail'], tcp, connection: { firstDataTimeout: '5s' } }],
    [{ ...base, connection: { firstDataTimeout: '5s' } }],
  ],
  [
    'maxConnections and maxConnectionsPerAddress go with tcp; for http there are maxRequests and maxRequestsPerAddress of the policy, which count WebSockets too',
    [
      { listeners: ['mail'], tcp, connection: { maxConnections: 5, maxConnectionsPerAddress: 2 } },
      { ...base, connection: {}, policy: { maxRequests: 5, maxRequestsPerAddress: 2 } },
    ],
    [
      { ...base, connection: { maxConnections: 0 } },
      { ...base, connection: { maxConnectionsPerAddress: 2 } },
    ],
  ],
  [
    'firstDataTimeout does not go with Passthrough, whose first bytes have the time of --first-byte-timeout',
    [
      { listeners: ['mail'], tcp, connection: { firstDataTimeout: '5s' } },
      { hosts, tls: { mode: 'Terminate' }, tcp, connection: { firstDataTimeout: '5s' } },
    ],
    [{ hosts, tls: { mode: 'Passthrough' }, tcp, connection: { firstDataTimeout: '5s' } }],
  ],
  [
    'tls needs hosts',
    [{ ...base, hosts, tls: { mode: 'Terminate' } }],
    [
      { ...base, tls: { mode: 'Terminate' } },
      { ...base, hosts: [], tls: { mode: 'Terminate' } },
    ],
  ],
  ['a host is a name, not an IP address', [{ ...base, hosts: ['1.example.com'] }], [{ ...base, hosts: ['10.0.0.1'] }]],
  [
    'a certificate that is ordered goes into a Secret of the namespace of the route',
    [{ ...base, hosts, tls: { mode: 'Terminate', certificate: { secretRef: { name: 'tls' }, acme: { issuer: 'le' } } } }],
    [
      {
        ...base,
        hosts,
        tls: { mode: 'Terminate', certificate: { secretRef: { name: 'tls', namespace: 'other' }, acme: { issuer: 'le' } } },
      },
    ],
  ],
  [
    'with Passthrough the backend has the certificate',
    [{ ...base, hosts, tls: { mode: 'TerminateAndReencrypt', certificate: { secretRef: { name: 'tls' } } } }],
    [{ hosts, tcp, tls: { mode: 'Passthrough', certificate: { secretRef: { name: 'tls' } } } }],
  ],
  [
    'a time from 1ms to 596h',
    [policy({ timeouts: { connect: '1ms' } }), policy({ timeouts: { connect: '596h' } })],
    [policy({ timeouts: { connect: '0s' } }), policy({ timeouts: { connect: '597h' } })],
  ],
  [
    'a time of at most 596h',
    [
      ...['read', 'send', 'tunnelIdle', 'request'].map((name) => policy({ timeouts: { [name]: '1h30m' } })),
      policy({ cors: { allowOrigins: ['*'], maxAge: '1h' } }),
    ],
    [
      ...['read', 'send', 'tunnelIdle', 'request'].map((name) => policy({ timeouts: { [name]: '596h1s' } })),
      policy({ cors: { allowOrigins: ['*'], maxAge: '597h' } }),
      ...['idleTimeout', 'maxLifetime', 'firstDataTimeout'].map((name) => ({ listeners: ['mail'], tcp, connection: { [name]: '597h' } })),
    ],
  ],
  [
    'exactly one of none, basic, external, jwt and oidc must be set',
    [
      policy({ auth: { none: {} } }),
      policy({ auth: { basic: { secretRef: { name: 'users' }, userHeader: 'X-User' } } }),
      external({ url: 'http://auth.example.com:8080/check?a=b', method: 'HEAD', requestHeaders: ['Cookie'], failOpen: true }),
    ],
    [policy({ auth: {} }), policy({ auth: { none: {}, basic: { secretRef: { name: 'users' } } } })],
  ],
  [
    'exactly one of url and backend must be set',
    [external({ backend, path: '/check' })],
    [external({}), external({ url: 'http://auth.example.com', backend })],
  ],
  [
    'caRef needs an https url',
    [external({ url: 'https://auth.example.com', caRef: { name: 'ca' } })],
    [
      external({ url: 'http://auth.example.com', caRef: { name: 'ca' } }),
      external({ backend, caRef: { name: 'ca' } }),
      jwt({ jwks: { url: 'http://issuer.example.com/', caRef: { name: 'ca' } } }),
    ],
  ],
  [
    'exactly one of url and secretRef must be set',
    [
      jwt({ jwks: { secretRef: { name: 'keys' } } }),
      jwt({ jwks: { url: 'https://issuer.example.com/jwks.json', caRef: { name: 'ca' } }, audiences: ['a'], algorithms: ['ES256'] }),
    ],
    [jwt({ jwks: {} }), jwt({ jwks: { url: 'https://issuer.example.com/', secretRef: { name: 'keys' } } })],
  ],
  ['a time of at most 5m', [jwt({ leeway: '5m' }), jwt({ leeway: '0s' })], [jwt({ leeway: '301s' })]],
  [
    'exactly one of header, cookie and query must be set',
    [jwt({ from: { header: 'X-Token' } }), jwt({ from: { cookie: 'id' } }), jwt({ from: { query: 'token' } })],
    [jwt({ from: {} }), jwt({ from: { header: 'X-Token', cookie: 'id' } })],
  ],
  [
    'a time from 1s to 596h',
    [policy({ maintenance: { enabled: true, retryAfter: '1h', allow: ['10.0.0.0/8'], contentType: 'text/html; charset=utf-8' } })],
    [policy({ maintenance: { enabled: true, retryAfter: '500ms' } }), policy({ maintenance: { enabled: true, retryAfter: '597h' } })],
  ],
  [
    'with Passthrough the backend says how TLS is spoken',
    [
      { ...base, hosts, tls: { mode: 'Terminate', clientAuth: { mode: 'Optional', caRef: { name: 'ca' } } } },
      { ...base, hosts, tls: { mode: 'TerminateAndReencrypt', minVersion: 'TLSv1.3', alpn: ['h2'] } },
    ],
    [
      { hosts, tcp, tls: { mode: 'Passthrough', minVersion: 'TLSv1.3' } },
      { hosts, tcp, tls: { mode: 'Passthrough', alpn: ['h2'] } },
      { hosts, tcp, tls: { mode: 'Passthrough', clientAuth: { mode: 'Required', caRef: { name: 'ca' } } } },
    ],
  ],
  [
    'caRef needs an https issuer',
    [oidc({ caRef: { name: 'ca' }, scopes: ['groups'], session: '8h' })],
    [oidc({ issuer: 'http://login.example.com', caRef: { name: 'ca' } })],
  ],
  [
    'callbackPath and logoutPath differ',
    [oidc({ callbackPath: '/in', logoutPath: '/out', afterLogout: 'https://example.com' })],
    [oidc({ callbackPath: '/a', logoutPath: '/a' }), oidc({ callbackPath: '/oauth2/logout' }), oidc({ logoutPath: '/oauth2/callback' })],
  ],
  ['path goes with backend; a url has its own', [external({ backend, path: '/a?b' })], [external({ url: 'http://a', path: '/' })]],
  [
    'a time from 1ms to 1m',
    [external({ backend, timeout: '1m' })],
    [external({ backend, timeout: '61s' }), external({ backend, timeout: '0s' })],
  ],
  [
    'with tcp nobody can be asked who they are',
    [{ hosts, tls: { mode: 'Passthrough' }, tcp, policy: { timeouts: { connect: '1s' } } }],
    [{ hosts, tls: { mode: 'Passthrough' }, tcp, policy: { auth: { none: {} } } }],
  ],
  [
    'with udp nobody can be asked who they are',
    [{ listeners: ['dns'], udp: tcp, policy: { clients: { deny: ['192.0.2.1'] } } }],
    [{ listeners: ['dns'], udp: tcp, policy: { auth: { none: {} } } }],
  ],
  [
    'this header has another meaning',
    [
      policy({ auth: { basic: { secretRef: { name: 'users' }, userHeader: 'X-Auth-User' } } }),
      ...[jwt, oidc].map((way) => way({ claimHeaders: [{ claim: 'sub', header: 'X-Auth-User' }] })),
    ],
    [
      ...['Authorization', 'X-Forwarded-User', 'host'].map((userHeader) =>
        policy({ auth: { basic: { secretRef: { name: 'users' }, userHeader } } }),
      ),
      ...[jwt, oidc].map((way) => way({ claimHeaders: [{ claim: 'sub', header: 'Cookie' }] })),
    ],
  ],
  ['a path begins with "/"', [path('Prefix', '/')], [path('Prefix', 'api'), path('Exact', '*')]],
  [
    'a pattern has at most 256 characters',
    [path('Regex', '(/a//b|[?#] %2F)'), path('Regex', `/[${'a'.repeat(253)}]`)],
    [path('Regex', 'a'.repeat(257))],
  ],
  [
    'Present and Absent have no value, all others do',
    [
      ruleWith({ matches: [{ headers: [{ name: 'x-a', type: 'Present' }], query: [{ name: 'q', type: 'Absent' }] }] }),
      ruleWith({
        matches: [{ headers: [{ name: 'x-a', type: 'Regex', value: 'a+' }], query: [{ name: 'q', type: 'Prefix', value: 'a' }] }],
      }),
    ],
    [
      ruleWith({ matches: [{ headers: [{ name: 'x-a', type: 'Present', value: 'x' }] }] }),
      ruleWith({ matches: [{ query: [{ name: 'q', type: 'Absent', value: '' }] }] }),
      ruleWith({ matches: [{ headers: [{ name: 'x-a', type: 'Exact' }] }] }),
      ruleWith({ matches: [{ query: [{ name: 'q' }] }] }),
    ],
  ],
  [
    'a redirect with ReplacePrefix needs matches by Prefix',
    [
      ruleWith({
        matches: [{ path: { type: 'Prefix', value: '/a' } }, {}],
        action: { redirect: { path: { type: 'ReplacePrefix', value: '/b' } } },
      }),
      ruleWith({
        matches: [{ path: { type: 'Exact', value: '/a' } }],
        action: { redirect: { path: { type: 'ReplaceFull', value: '/b' } } },
      }),
    ],
    [
      ruleWith({
        matches: [{ path: { type: 'Exact', value: '/a' } }],
        action: { redirect: { path: { type: 'ReplacePrefix', value: '/b' } } },
      }),
    ],
  ],
  [
    'a rewrite with ReplacePrefix needs matches by Prefix',
    [ruleWith({ matches: [{ path: { type: 'Prefix', value: '/a' } }], ...rewriteRule })],
    [{ http: { rules: [{ name: 'all', matches: [{ path: { type: 'Regex', value: '/a' } }], ...rewriteRule }] } }],
  ],
  ['a path has no empty element ("//")', [path('Exact', '/a/')], [path('Exact', '/a//b')]],
  ['a path has no "." or ".." element', [path('Prefix', '/a.b/..c')], [path('Prefix', '/a/../b'), path('Exact', '/.')]],
  ['a path has no encoded slash (%2F)', [path('Exact', '/a%20b')], [path('Exact', '/a%2fb'), path('Exact', '/a%2Fb')]],
  [
    'a path has no query, fragment, space or control character',
    [path('Exact', '/café')],
    [path('Exact', '/a?b'), path('Exact', '/a#b'), path('Exact', '/a b'), path('Exact', '/a\tb')],
  ],
  [
    'exactly one of forward, redirect, respond and block must be set',
    [action({ block: {} }), action({ respond: { status: 200 } })],
    [action({}), action({ block: {}, respond: { status: 200 } })],
  ],
  [
    'some backend needs a weight',
    [action({ forward: { backends: [{ ...backend, weight: 0 }, backend] } })],
    [
      action({ forward: { backends: [{ ...backend, weight: 0 }] } }),
      { listeners: ['mail'], tcp: { backends: [{ ...backend, weight: 0 }] } },
      { listeners: ['dns'], udp: { backends: [{ ...backend, weight: 0 }] } },
    ],
  ],
  [
    'a port has either a name or a number',
    [
      policy({ mirror: { backend: { name: 'web', port: { number: 80 } } } }),
      policy({ errorPages: [{ statuses: [404], backend: { name: 'web', port: { number: 80 } } }] }),
    ],
    [{}, { name: 'http', number: 80 }].flatMap((port) => [
      policy({ mirror: { backend: { name: 'web', port } } }),
      policy({ errorPages: [{ statuses: [404], backend: { name: 'web', port } }] }),
      external({ backend: { name: 'web', port } }),
    ]),
  ],
  [
    'a redirect changes scheme, host, port or path',
    [action({ redirect: { port: 8443 } })],
    [action({ redirect: { status: 301 } }), action({ redirect: {} })],
  ],
  [
    'a path begins with "/" and has no space, query or fragment; percent-encode other characters',
    [action({ redirect: { path: { type: 'ReplaceFull', value: '/caf%C3%A9' } } })],
    ['x', '/a b', '/a?b', '/a#b', '/café'].flatMap((value) => [
      action({ redirect: { path: { type: 'ReplaceFull', value } } }),
      rewrite({ type: 'ReplaceFull', value }),
    ]),
  ],
  [
    'an answer with status 204, 205 or 304 has no body',
    [action({ respond: { status: 204 } }), action({ respond: { status: 206, body: 'x' } })],
    [204, 205, 304].map((status) => action({ respond: { status, body: 'x' } })),
  ],
  [
    "this header is the proxy's own business",
    [action({ respond: { status: 200, headers: [{ name: 'Connection-Id', value: 'x' }] } })],
    ['Connection', 'content-length', 'TE'].map((name) => action({ respond: { status: 200, headers: [{ name, value: 'x' }] } })),
  ],
  [
    'this header is written by the proxy alone',
    [
      policy({
        headers: { request: { set: [{ name: 'X-A', value: 'b' }], add: [{ name: 'x-a', value: '' }], remove: ['Cookie'] }, response: {} },
      }),
      policy({ headers: { response: { set: [{ name: 'X-A', value: 'b' }], add: [{ name: 'x-a', value: '' }], remove: ['Server'] } } }),
      ...headersOfExternal.map((name) => external({ url: 'http://auth.example.com', [name]: ['X-User'] })),
    ],
    [
      ...headersOfExternal.map((name) => external({ url: 'http://auth.example.com', [name]: ['X-Forwarded-For'] })),
      policy({ headers: { request: { set: [{ name: 'Host', value: 'b' }] } } }),
      policy({ headers: { request: { add: [{ name: 'Host', value: 'b' }] } } }),
      policy({ headers: { request: { remove: ['X-Forwarded-For'] } } }),
      policy({ headers: { response: { set: [{ name: 'Content-Length', value: '1' }] } } }),
      policy({ headers: { response: { add: [{ name: 'Content-Length', value: '1' }] } } }),
      policy({ headers: { response: { remove: ['Content-Length'] } } }),
    ],
  ],
  [
    'TLVs go with version V2',
    [
      policy({ backend: { proxyProtocol: { version: 'V1' } } }),
      policy({ backend: { proxyProtocol: { version: 'V2', tlvs: ['ALPN', 'Authority', 'UniqueId', 'SSL', 'CRC32C'] } } }),
    ],
    [policy({ backend: { proxyProtocol: { version: 'V1', tlvs: [] } } })],
  ],
  [
    'credentials need named origins',
    [policy({ cors: { allowOrigins: ['https://a.example:8443'], allowCredentials: true } }), policy({ cors: { allowOrigins: ['*'] } })],
    [policy({ cors: { allowOrigins: ['*'], allowCredentials: true } })],
  ],
  [
    'an error page is one of a text, a ConfigMap and a backend',
    [
      policy({
        errorPages: [
          { statuses: [404, 503], text: '<h1>Sorry</h1>' },
          { statuses: [502], configMapRef },
          { statuses: [500], errorsOf: 'Proxy', backend },
        ],
      }),
      policy({ errorPages: [] }),
    ],
    [
      policy({ errorPages: [{ statuses: [404] }] }),
      policy({ errorPages: [{ statuses: [404], text: 'x', backend }] }),
      policy({ errorPages: [{ statuses: [404], text: 'x', configMapRef }] }),
      policy({ errorPages: [{ statuses: [404], configMapRef, backend }] }),
      policy({ errorPages: [{ statuses: [404], text: 'x', configMapRef, backend }] }),
    ],
  ],
  [
    'a contentType goes with a text or a ConfigMap',
    [
      policy({ errorPages: [{ statuses: [404], text: '{}', contentType: 'application/json' }] }),
      policy({ errorPages: [{ statuses: [404], configMapRef, contentType: 'application/json' }] }),
    ],
    [policy({ errorPages: [{ statuses: [404], backend, contentType: 'application/json' }] })],
  ],
  [
    'a header goes with the type Header',
    [
      policy({ rateLimits: [{ requests: 10, per: 'Second' }] }),
      policy({ rateLimits: [], maxRequests: 100, maxRequestsPerAddress: 0 }),
      policy({ rateLimits: [{ requests: 1, per: 'Hour', burst: 3, key: { type: 'Header', header: 'X-Key' }, exempt: ['10.0.0.0/8'] }] }),
    ],
    [
      policy({ rateLimits: [{ requests: 1, per: 'Hour', key: { type: 'Header' } }] }),
      policy({ rateLimits: [{ requests: 1, per: 'Hour', key: { type: 'Everybody', header: 'x' } }] }),
    ],
  ],
  [
    'a pattern goes with ReplaceRegex',
    [rewrite({ type: 'ReplaceRegex', pattern: '/a', value: '/b' }), rewrite({ type: 'ReplaceFull', value: '/b' })],
    [rewrite({ type: 'ReplaceRegex', value: '/b' }), rewrite({ type: 'ReplaceFull', pattern: '/a', value: '/b' })],
  ],
  [
    'a substitution is printable ASCII without "?", "#" and "\\", in which $0 to $9 stand for groups',
    [rewrite({ type: 'ReplaceRegex', pattern: '(a)', value: '/$1/x[y]~' }), rewrite({ type: 'ReplaceRegex', pattern: 'a', value: '' })],
    ['/$x', '/a b', '/a?b', '/a\\1', '/é'].map((value) => rewrite({ type: 'ReplaceRegex', pattern: '(a)', value })),
  ],
  [
    'hash goes with ConsistentHash',
    [hash({ type: 'ClientAddress' }), balance({ type: 'LeastRequest' })],
    [balance({ type: 'ConsistentHash' }), balance({ type: 'RoundRobin', hash: { type: 'ClientAddress' } })],
  ],
  [
    'Header, Cookie and Query have a name, all others do not',
    [hash({ type: 'Header', name: 'X-User' }), hash({ type: 'Target' })],
    [hash({ type: 'Header' }), hash({ type: 'ClientAddress', name: 'x' })],
  ],
  [
    'not a name of a header or cookie',
    [hash({ type: 'Query', name: 'user id' }), hash({ type: 'Cookie', name: 'sid', maxLoadPercent: 101 })],
    [hash({ type: 'Cookie', name: 'a b' }), hash({ type: 'Header', name: 'x:y' })],
  ],
  [
    'a browser takes SameSite=None only with Secure',
    [
      balance({ sessionCookie: { sameSite: 'None' } }),
      balance({ sessionCookie: { sameSite: 'None', secure: true } }),
      balance({ type: 'LeastRequest', sessionCookie: { sameSite: 'Lax', secure: false } }),
    ],
    [balance({ sessionCookie: { sameSite: 'None', secure: false } })],
  ],
  [
    'a sessionCookie with mode Balanced chooses by itself, without type and slowStart',
    [
      balance({ sessionCookie: { mode: 'Balanced', name: 'sid' } }),
      balance({ type: 'LeastRequest', sessionCookie: { mode: 'Persistent' } }),
    ],
    [
      balance({ type: 'RoundRobin', sessionCookie: { mode: 'Balanced' } }),
      balance({ slowStart: '30s', sessionCookie: { mode: 'Balanced' } }),
    ],
  ],
  [
    'name goes with Header, Cookie and Query',
    [external({ backend, cache: { key: [{ type: 'Header', name: 'Authorization' }, { type: 'Target' }] } })],
    [
      external({ backend, cache: { key: [{ type: 'Cookie' }] } }),
      external({ backend, cache: { key: [{ type: 'ClientAddress', name: 'x' }] } }),
    ],
  ],
  [
    'answers with 2xx, 401 and 403 are kept',
    [kept([{ statuses: [200, 299, 401, 403], duration: '24h' }])],
    [kept([{ statuses: [302], duration: '1m' }]), kept([{ statuses: [400], duration: '1m' }])],
  ],
  [
    'a time from 1s to 24h',
    [kept([{ statuses: [200], duration: '1s' }])],
    [kept([{ statuses: [200], duration: '999ms' }]), kept([{ statuses: [200], duration: '24h1s' }])],
  ],
  [
    'a time from 1s to 9600h',
    [balance({ sessionCookie: { maxAge: '1s' } }), balance({ sessionCookie: { maxAge: '9600h' } })],
    [balance({ sessionCookie: { maxAge: '999ms' } }), balance({ sessionCookie: { maxAge: '9601h' } })],
  ],
  [
    'slowStart does not go with ConsistentHash',
    [
      balance({ slowStart: '30s' }),
      balance({ type: 'RoundRobin', slowStart: '30s' }),
      { listeners: ['mail'], tcp: { ...tcp, loadBalancing: { slowStart: '30s' } } },
      { listeners: ['mail'], tcp: { ...tcp, loadBalancing: { type: 'LeastRequest', slowStart: '1s' } } },
    ],
    [
      balance({ type: 'ConsistentHash', hash: { type: 'Target' }, slowStart: '30s' }),
      { listeners: ['mail'], tcp: { ...tcp, loadBalancing: { type: 'ConsistentHash', slowStart: '30s' } } },
    ],
  ],
  [
    'a time from 1s to 1h',
    [balance({ slowStart: '1s' }), balance({ slowStart: '1h' })],
    [balance({ slowStart: '999ms' }), balance({ slowStart: '61m' })],
  ],
  [
    'path and statuses go with HTTP',
    [health({ type: 'HTTP', path: '/healthz?full', host: 'a.example:80', statuses: ['204', '200-399'] }), health({ type: 'TCP' })],
    [health({ type: 'TCP', path: '/' }), health({ type: 'GRPC', statuses: ['200'] })],
  ],
  [
    'service goes with GRPC',
    [health({ type: 'GRPC', service: 'shop.v1.Shop', host: 'shop' })],
    [health({ type: 'HTTP', service: 'shop' })],
  ],
  ['host goes with HTTP and GRPC', [health({ type: 'HTTP', host: 'shop' })], [health({ type: 'TCP', host: 'shop' })]],
  [
    'a time from 500ms to 1h',
    [health({ type: 'TCP', interval: '500ms' }), health({ type: 'TCP', interval: '1h' })],
    [health({ type: 'TCP', interval: '499ms' }), health({ type: 'TCP', interval: '61m' })],
  ],
  [
    'a time from 100ms to 1m',
    [health({ type: 'TCP', timeout: '100ms' }), policy({ retries: { attempts: 1, backOff: '1m' } })],
    [health({ type: 'TCP', timeout: '99ms' }), policy({ retries: { attempts: 1, backOff: '61s' } })],
  ],
  [
    'a time from 1s to 24h',
    [outliers({ baseEjectionTime: '1s', maxEjectionTime: '24h', consecutiveErrors: 0, maxEjectionPercent: 0 }), outliers({})],
    [outliers({ baseEjectionTime: '999ms' }), outliers({ maxEjectionTime: '25h' })],
  ],
  [
    'a time from 100ms to 1h',
    [policy({ retries: { attempts: 1, perTryTimeout: '100ms' } }), policy({ retries: { attempts: 1, perTryTimeout: '1h' } })],
    [policy({ retries: { attempts: 1, perTryTimeout: '99ms' } }), policy({ retries: { attempts: 1, perTryTimeout: '61m' } })],
  ],
  // What the structure says without a rule.
  [
    'types and required fields',
    [{ ...base, priority: -1000, hosts: ['*.example.com', '**.example.com', 'x'] }],
    [
      { ...base, priority: 1.5 },
      { ...base, priority: '1' },
      { ...base, hosts: 'shop.example.com' },
      ruleWith({ action: undefined }),
      { http: {} },
      policy({ redirectToHttps: 'true' }),
      policy({ retries: [] }),
    ],
  ],
  [
    'lengths, ranges and words',
    [
      { ...base, hosts: [`${'a'.repeat(63)}.example.com`] },
      policy({ maxRequestBody: '8Mi' }),
      policy({ retries: { attempts: 10 } }),
      policy({ retries: {} }),
      policy({
        buffering: { request: true, maxRequest: '64Mi', answer: true, maxAnswer: '1Ki' },
        maxRequestHeader: '4Ki',
        accessLog: false,
      }),
      policy({ compression: { algorithms: [], types: ['text/*', 'application/json'], minSize: '0', level: 'Best' } }),
      policy({ mirror: { backend: { ...backend, namespace: 'core' }, percent: 0, maxBody: '1Mi' } }),
      policy({ backend: { limits: { requests: 1, retryPercent: 0 } } }),
    ],
    [
      { ...base, priority: 1001 },
      { ...base, listeners: [] },
      { ...base, listeners: ['Mail'] },
      policy({ backend: { proxyProtocol: { version: 'V3' } } }),
      policy({ backend: { proxyProtocol: { version: 'V2', tlvs: ['NetNS'] } } }),
      { listeners: ['mail'], tcp, connection: { keepAlive: 'immortal' } },
      { listeners: ['mail'], tcp, connection: { maxConnections: -1 } },
      { listeners: ['dns'], udp: { ...tcp, maxSessions: -1 } },
      { listeners: ['dns'], udp: { ...tcp, maxSessionsPerAddress: -1 } },
      { http: { rules: [] } },
      ruleWith({ matches: [] }),
      ruleWith({ matches: Array(17).fill({}) }),
      path('Glob', '/'),
      path('Prefix', `/${'a'.repeat(1024)}`),
      action({ respond: { status: 199 } }),
      policy({ errorPages: [{ statuses: [399], text: 'x' }] }),
      policy({ errorPages: [{ statuses: [404], configMapRef: { name: 'pages' } }] }),
      policy({ errorPages: [{ statuses: [404], configMapRef: { name: 'pages', key: 'a/b' } }] }),
      policy({ errorPages: [{ statuses: [404], text: 'x', errorsOf: 'Backend' }] }),
      policy({ maxRequests: -1 }),
      policy({ maxRequestsPerAddress: 1.5 }),
      policy({ rateLimits: [{ requests: 0, per: 'Hour' }] }),
      policy({ rateLimits: [{ requests: 1, per: 'Day' }] }),
      policy({ compression: { algorithms: ['Deflate'] } }),
      policy({ mirror: { backend, percent: 101 } }),
      action({ redirect: { host: 'x', status: 304 } }),
      action({ respond: { status: 200, body: 'x'.repeat(4097) } }),
      { ...base, ingressClassName: '' },
      hash({ type: 'Target', maxLoadPercent: 100 }),
      health({}),
      policy({ retries: { attempts: 1, conditions: ['Never'] } }),
      policy({ retries: { attempts: 1, statuses: [200] } }),
      policy({ retries: { attempts: 1, grpcStatuses: ['OK'] } }),
      policy({ backend: { limits: { connections: 0 } } }),
      policy({ backend: { limits: { retryPercent: 101 } } }),
      outliers({ consecutiveConnectFailures: 0 }),
      outliers({ maxEjectionPercent: 101 }),
      health({ type: 'HTTP', statuses: [] }),
      health({ type: 'HTTP', unhealthyThreshold: 0 }),
    ],
  ],
  [
    'patterns',
    [ruleWith({ matches: [{ methods: ['M-SEARCH'], headers: [{ name: 'X-A', value: 'b' }], query: [{ name: 'q', value: '' }] }] })],
    [
      { ...base, hosts: ['Shop.example.com'] },
      { ...base, hosts: ['*'] },
      { ...base, hosts: ['a.*.example.com'] },
      { ...base, hosts: [`${'a'.repeat(64)}.example.com`] },
      ruleWith({ name: 'All' }),
      ruleWith({ matches: [{ methods: ['get'] }] }),
      ruleWith({ matches: [{ headers: [{ name: 'x a', value: 'b' }] }] }),
      action({ respond: { status: 200, headers: [{ name: 'x', value: 'a\nb' }] } }),
      policy({ maxRequestBody: '8M' }),
      policy({ rateLimits: [{ requests: 1, per: 'Hour', exempt: ['example.com'] }] }),
      policy({ compression: { types: ['text'] } }),
      policy({ mirror: { backend, maxBody: '2Mi' } }),
      policy({ buffering: { maxRequest: '65Mi' } }),
      policy({ maxRequestHeader: '0' }),
      policy({ clients: { allow: ['example.com'] } }),
      policy({ cors: { allowOrigins: ['app.example.com'] } }),
      action({ forward: { backends: [backend], rewrite: { host: 'a b' } } }),
      policy({ timeouts: { read: '5 s' } }),
      balance({ sessionCookie: { name: 'a=b' } }),
      health({ type: 'HTTP', statuses: ['600'] }),
      health({ type: 'HTTP', path: 'healthz' }),
      balance({ sessionCookie: { path: '/a;b' } }),
      balance({ sessionCookie: { domain: '.example.com' } }),
      policy({ auth: { basic: { secretRef: { name: 'users' }, realm: 'a "quoted" realm' } } }),
      ...['http://$host/auth', 'ftp://auth', 'http://user:pw@auth/', 'http://auth /'].map((url) => external({ url })),
      external({ backend, signIn: 'javascript:alert(1)' }),
      external({ backend, method: 'PUT' }),
      external({ backend, cache: {} }),
      external({ backend, cache: { key: [] } }),
      policy({ satisfy: 'any' }),
      policy({ auth: { basic: { secretRef: { name: 'users' }, secretType: 'Map' } } }),
      oidc({ cookieName: 'a b' }),
      oidc({ callbackPath: '/' }),
      oidc({ session: '0s' }),
      oidc({ scopes: ['a b'] }),
      jwt({ algorithms: ['HS256'] }),
      jwt({ algorithms: [] }),
      jwt({ issuer: '' }),
      jwt({ audiences: [] }),
      external({ backend, responseHeaders: ['X User'] }),
    ],
  ],
  [
    'lists without doubles',
    [{ ...base, hosts: ['a.example.com', 'b.example.com'] }],
    [
      { ...base, hosts: ['a.example.com', 'a.example.com'] },
      {
        http: {
          rules: [
            { name: 'a', action: forward },
            { name: 'a', action: forward },
          ],
        },
      },
      ruleWith({ matches: [{ methods: ['GET', 'GET'] }] }),
      policy({ errorPages: [{ statuses: [404, 404], text: 'x' }] }),
      policy({ compression: { algorithms: ['Gzip', 'Gzip'] } }),
    ],
  ],
];

/** What an API server with our CRD takes and what it refuses; translate does alike. Every rule in CEL has both. */
export const smartRouteCases: readonly SmartRouteCase[] = table.flatMap(([rule, valid, invalid]) => [
  ...valid.map((spec, index) => ({ name: `accepts: ${rule} (${index + 1})`, rule, spec: { ...spec }, valid: true })),
  ...invalid.map((spec, index) => ({ name: `refuses: ${rule} (${index + 1})`, rule, spec: { ...spec }, valid: false })),
]);

/** All rules in CEL. */
export const smartRouteRules = new SchemaRules('crds/smartproxy.dev_smartroutes.yaml');
