import { smartRouteSchema } from '../../src/api/generated/smart-route-schema.ts';
import type { Schema } from '../../src/api/schema.ts';

/** A spec of a SmartRoute with one thing about it that its CRD allows, or does not. */
export interface SmartRouteCase {
  readonly name: string;
  /** The rule of the CRD (CEL) that it is about, or the structural limit. */
  readonly rule: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly valid: boolean;
}

const backend = { name: 'web', port: { name: 'http' } };
const forward = { forward: { backends: [backend] } };
const ruleWith = (part: object): object => ({ http: { rules: [{ name: 'all', action: forward, ...part }] } });
const action = (value: object): object => ruleWith({ action: value });
const path = (type: string, value: string): object => ruleWith({ matches: [{ path: { type, value } }] });
const policy = (value: object): object => ({ ...ruleWith({}), policy: value });
const rewrite = (to: object): object => action({ forward: { backends: [backend], rewrite: { path: to } } });
const rewriteRule = { action: { forward: { backends: [backend], rewrite: { path: { type: 'ReplacePrefix', value: '/b' } } } } };
const tcp = { backends: [backend] };
const hosts = ['shop.example.com'];
const base = ruleWith({});

/** Name, rule, what is right and what is wrong: each list with at least one. */
const table: readonly (readonly [rule: string, valid: readonly object[], invalid: readonly object[]])[] = [
  ['exactly one of http and tcp must be set', [base], [{}, { ...base, hosts, tls: { mode: 'Passthrough' }, tcp }]],
  [
    'tcp goes with tls.mode Passthrough, and http with every other',
    [
      { hosts, tls: { mode: 'Passthrough' }, tcp },
      { ...base, hosts, tls: { mode: 'Terminate' } },
    ],
    [{ tcp }, { hosts, tls: { mode: 'Terminate' }, tcp }, { ...base, hosts, tls: { mode: 'Passthrough' } }],
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
      ...['read', 'send', 'tunnelIdle'].map((name) => policy({ timeouts: { [name]: '1h30m' } })),
      policy({ cors: { allowOrigins: ['*'], maxAge: '1h' } }),
    ],
    [
      ...['read', 'send', 'tunnelIdle'].map((name) => policy({ timeouts: { [name]: '596h1s' } })),
      policy({ cors: { allowOrigins: ['*'], maxAge: '597h' } }),
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
    'ReplacePrefix needs matches by Prefix',
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
      { http: { rules: [{ name: 'all', matches: [{ path: { type: 'Regex', value: '/a' } }], ...rewriteRule }] } },
    ],
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
    [action({ forward: { backends: [{ ...backend, weight: 0 }] } })],
  ],
  [
    'a port has either a name or a number',
    [action({ forward: { backends: [{ name: 'web', port: { number: 80 } }] } })],
    [
      action({ forward: { backends: [{ name: 'web', port: {} }] } }),
      action({ forward: { backends: [{ name: 'web', port: { name: 'http', number: 80 } }] } }),
    ],
  ],
  [
    'a redirect changes scheme, host, port or path',
    [action({ redirect: { port: 8443 } })],
    [action({ redirect: { status: 301 } }), action({ redirect: {} })],
  ],
  [
    'a path begins with "/" and has no space, query or fragment; percent-encode other characters',
    [action({ redirect: { path: { type: 'ReplaceFull', value: '/caf%C3%A9' } } })],
    ['x', '/a b', '/a?b', '/a#b', '/café'].map((value) => action({ redirect: { path: { type: 'ReplaceFull', value } } })),
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
    ],
    [
      policy({ headers: { request: { set: [{ name: 'Host', value: 'b' }] } } }),
      policy({ headers: { request: { remove: ['X-Forwarded-For'] } } }),
      policy({ headers: { response: { add: [{ name: 'Content-Length', value: '1' }] } } }),
    ],
  ],
  [
    'credentials need named origins',
    [policy({ cors: { allowOrigins: ['https://a.example:8443'], allowCredentials: true } }), policy({ cors: { allowOrigins: ['*'] } })],
    [policy({ cors: { allowOrigins: ['*'], allowCredentials: true } })],
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
      policy({ retries: {} }),
    ],
  ],
  [
    'lengths, ranges and words',
    [{ ...base, hosts: [`${'a'.repeat(63)}.example.com`] }, policy({ maxRequestBody: '8Mi' }), policy({ retries: { attempts: 10 } })],
    [
      { ...base, priority: 1001 },
      { http: { rules: [] } },
      ruleWith({ matches: [] }),
      ruleWith({ matches: Array(17).fill({}) }),
      path('Glob', '/'),
      path('Prefix', `/${'a'.repeat(1024)}`),
      action({ respond: { status: 199 } }),
      action({ redirect: { host: 'x', status: 304 } }),
      action({ respond: { status: 200, body: 'x'.repeat(4097) } }),
      { ...base, ingressClassName: '' },
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
      policy({ clients: { allow: ['example.com'] } }),
      policy({ cors: { allowOrigins: ['app.example.com'] } }),
      action({ forward: { backends: [backend], rewrite: { host: 'a b' } } }),
      policy({ timeouts: { read: '5 s' } }),
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
    ],
  ],
];

/** What an API server with our CRD takes and what it refuses; translate does alike. Every rule in CEL has both. */
export const smartRouteCases: readonly SmartRouteCase[] = table.flatMap(([rule, valid, invalid]) => [
  ...valid.map((spec, index) => ({ name: `accepts: ${rule} (${index + 1})`, rule, spec: { ...spec }, valid: true })),
  ...invalid.map((spec, index) => ({ name: `refuses: ${rule} (${index + 1})`, rule, spec: { ...spec }, valid: false })),
]);

/** The messages of all rules in CEL. */
export const smartRouteRules: ReadonlySet<string> = messagesOf(smartRouteSchema);

function messagesOf(schema: Schema, found = new Set<string>()): ReadonlySet<string> {
  for (const { message } of schema['x-kubernetes-validations'] ?? []) found.add(message);
  for (const property of Object.values(schema.properties ?? {})) messagesOf(property, found);
  if (schema.items !== undefined) messagesOf(schema.items, found);
  return found;
}
