import { sharedPlaces } from '../../tools/shared-schemas.ts';
import { SchemaRules } from './schema-rules.ts';
import type { SmartRouteCase } from './smart-route-cases.ts';

const listener = { name: 'mail', port: 2525, protocol: 'TCP' };
const listeners = (...changes: readonly object[]): object => ({ listeners: changes.map((change) => ({ ...listener, ...change })) });

const cloudflare = { secretRef: { name: 'token' } };
const issuer = (more: object): object => ({ acme: { issuers: [{ name: 'le', directory: 'https://ca.test/dir', ...more }] } });

/** Name, rule, what is right and what is wrong: each list with at least one. */
const table: readonly (readonly [rule: string, valid: readonly object[], invalid: readonly object[]])[] = [
  [
    'a port has one listener, and one of UDP beside it',
    [listeners({}, { name: 'other', port: 2526 }), listeners({}, { name: 'other', protocol: 'UDP' })],
    [listeners({}, { name: 'other', protocol: 'HTTP' }), listeners({ protocol: 'UDP' }, { name: 'other', protocol: 'UDP' })],
  ],
  [
    'a UDP listener has no PROXY protocol',
    [listeners({ protocol: 'UDP' })],
    [listeners({ protocol: 'UDP', proxyProtocol: { from: ['10.0.0.0/8'] } })],
  ],
  [
    'the listeners http and https have the protocol of that name',
    [listeners({ name: 'http', protocol: 'HTTP' }, { name: 'https', protocol: 'HTTPS', port: 1 })],
    [listeners({ name: 'http' }), listeners({ name: 'https', protocol: 'HTTP' })],
  ],
  [
    'nobody is asked where auth is left out; none is for routes',
    [
      { defaults: {} },
      { defaults: { policy: { timeouts: { read: '5s' }, backend: { tls: { serverName: 'a.test', caRef: { name: 'ca' } } } } } },
      { defaults: { policy: { maintenance: { enabled: true, allow: ['10.0.0.0/8'] } } } },
      { defaults: { policy: { auth: { basic: { secretRef: { name: 'users' } } } } } },
      { defaults: { policy: { satisfy: 'Any' } } },
    ],
    [{ defaults: { policy: { auth: { none: {} } } } }],
  ],
  [
    'a time of at most 596h',
    [{ drain: { delay: '0s', timeout: '596h' } }],
    [{ drain: { delay: '597h' } }, { drain: { timeout: '597h' } }, { limits: { maxConnectionLifetime: '597h' } }],
  ],
  [
    'the profile Modern speaks TLS 1.3 alone',
    [
      { tls: {} },
      { tls: { profile: 'Modern' } },
      { tls: { profile: 'Modern', minVersion: 'TLSv1.3' } },
      { tls: { profile: 'Intermediate', minVersion: 'TLSv1.2' } },
      { tls: { minVersion: 'TLSv1.2' } },
    ],
    [{ tls: { profile: 'Modern', minVersion: 'TLSv1.2' } }],
  ],
  [
    'a time from 1m to 596h, or 0s',
    [{ tls: { ticketKeyRotation: '0s' } }, { tls: { ticketKeyRotation: '1m' } }, { tls: { ticketKeyRotation: '596h' } }],
    [{ tls: { ticketKeyRotation: '59s' } }, { tls: { ticketKeyRotation: '597h' } }],
  ],
  [
    'a time from 100ms to 596h',
    [
      { limits: { timeouts: { firstByte: '100ms', handshake: '5s', header: '1m', body: '1h', keepAlive: '596h' } } },
      { limits: { timeouts: {}, maxUdpSessions: 0, maxHandshakes: 100, keepAliveRequests: 1, maxConnectionLifetime: '0s' } },
    ],
    ['firstByte', 'handshake', 'header', 'body', 'keepAlive'].map((name) => ({ limits: { timeouts: { [name]: '99ms' } } })),
  ],
  [
    'dns-01 takes a provider of DNS',
    [issuer({ challenge: 'dns-01', dns: { cloudflare } }), issuer({ challenge: 'http-01' }), issuer({ dns: { cloudflare } })],
    [issuer({ challenge: 'dns-01' })],
  ],
  [
    'one provider of DNS, and no more',
    [
      issuer({ dns: { webhook: { url: 'http://dns.test/x' } } }),
      issuer({ dns: { route53: { secretRef: { name: 'aws' } } } }),
      issuer({ dns: { route53: {} } }),
    ],
    [issuer({ dns: {} }), issuer({ dns: { cloudflare, webhook: { url: 'https://dns.test' } } })],
  ],
  [
    'the default issuer is one of the issuers',
    [{ acme: { issuers: [{ name: 'le', directory: 'https://ca.test/dir' }], defaultIssuer: 'le' } }],
    [{ acme: { defaultIssuer: 'le' } }, { acme: { issuers: [{ name: 'le', directory: 'https://ca.test/dir' }], defaultIssuer: 'lf' } }],
  ],
  [
    'what of udp can be inherited',
    [{ defaults: { udp: {} } }, { defaults: { udp: { idleTimeout: '1m', maxSessions: 10, maxSessionsPerAddress: 0 } } }],
    [{ defaults: { udp: { idleTimeout: 30 } } }, { defaults: { udp: { maxSessions: '10' } } }],
  ],
  // What the structure says without a rule.
  [
    'types and required fields',
    [{}, { listeners: [] }, listeners({ proxyProtocol: { from: ['10.0.0.0/8', 'fd00::1'] }, publishedPort: 25 })],
    [listeners({ name: undefined }), listeners({ port: undefined }), listeners({ protocol: undefined }), listeners({ proxyProtocol: {} })],
  ],
  [
    'ranges, words and patterns',
    [
      listeners({ port: 65535 }),
      { accessLog: { mode: 'Off', format: 'JSON' } },
      issuer({ selfCheck: 'Off', resolvers: ['192.0.2.53', '192.0.2.53:5353', '2001:db8::53', '[2001:db8::53]:53'] }),
      issuer({ reclaimPolicy: 'Retain' }),
      issuer({ reclaimPolicy: 'Delete' }),
      issuer({ dns: { rfc2136: { server: '[2001:db8::1]:53', tsig: { keyName: 'k.', secretRef: { name: 'k' } } } } }),
    ],
    [
      listeners({ port: 0 }),
      { limits: { maxConnections: -1 } },
      { limits: { maxHandshakes: -1 } },
      { limits: { maxConnectionLifetime: 'off' } },
      { limits: { clients: { allow: ['example.com'] } } },
      { trustedProxies: ['x'] },
      { acme: { issuers: [{ name: 'le' }] } },
      { acme: { issuers: [{ name: 'le', directory: 'http://ca.test/dir' }] } },
      { acme: { issuers: [{ name: 'Le', directory: 'https://ca.test/dir' }] } },
      { acme: { issuers: [{ name: 'le', directory: 'https://ca.test/dir', keyType: 'ecdsa' }] } },
      { acme: { issuers: [{ name: 'le', directory: 'https://ca.test/dir', email: 'ops' }] } },
      issuer({ challenge: 'http' }),
      issuer({ selfCheck: 'off' }),
      issuer({ reclaimPolicy: 'Keep' }),
      issuer({ resolvers: ['dns.test'] }),
      issuer({ resolvers: [] }),
      issuer({ dns: { cloudflare: {} } }),
      issuer({ dns: { webhook: { url: 'dns.test' } } }),
      issuer({ dns: { rfc2136: { server: 'ns.test' } } }),
      issuer({ dns: { rfc2136: { server: 'ns.test', tsig: { keyName: 'k', algorithm: 'hmac-md5', secretRef: { name: 'k' } } } } }),
      issuer({ dns: { route53: { secretRef: { name: 'aws' }, hostedZoneId: '/hostedzone/Z1' } } }),
      { hostClaims: [{ hosts: ['*'], namespaces: ['a'] }] },
      { hostClaims: [{ hosts: [], namespaces: ['a'] }] },
      { hostClaims: [{ hosts: ['a.example'], namespaces: ['A'] }] },
      { unclaimedHosts: 'oldest' },
      { drain: { delay: '5 s' } },
      { tls: { profile: 'Old' } },
      { accessLog: { mode: 'off' } },
      { accessLog: { format: 'json' } },
      { tls: { minVersion: 'TLSv1.1' } },
      { tls: { ticketKeyRotation: 'off' } },
      listeners({ publishedPort: 65536 }),
      listeners({ protocol: 'tcp' }),
      listeners({ name: 'Mail' }),
      listeners({ proxyProtocol: { from: ['example.com'] } }),
      { listeners: Array.from({ length: 33 }, (_, index) => ({ ...listener, name: `l${index}`, port: 2000 + index })) },
    ],
  ],
  ['lists without doubles', [listeners({})], [listeners({}, { port: 2526 })]],
];

/** What an API server with our CRD takes and what it refuses; translate does alike. Every rule in CEL that is not copied from SmartRoute has both. */
export const smartProxyConfigCases: readonly SmartRouteCase[] = table.flatMap(([rule, valid, invalid]) => [
  ...valid.map((spec, index) => ({ name: `accepts: ${rule} (${index + 1})`, rule, spec: { ...spec }, valid: true })),
  ...invalid.map((spec, index) => ({ name: `refuses: ${rule} (${index + 1})`, rule, spec: { ...spec }, valid: false })),
]);

/** All rules in CEL but those that are SmartRoute's, which has cases for them. */
export const smartProxyConfigRules = new SchemaRules(
  'crds/smartproxy.dev_smartproxyconfigs.yaml',
  Object.keys(sharedPlaces).map((name) => `defaults.${name}`),
);
