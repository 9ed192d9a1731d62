import type { OptionsOf } from '../option-spec.ts';
import { address, cidr, list, loopbackAddress, optional, port, text } from '../value-types.ts';

/** Ports and addresses. */
export const listenersOptions: OptionsOf<
  | 'addresses'
  | 'httpPort'
  | 'httpsPort'
  | 'publishedHttpPort'
  | 'publishedHttpsPort'
  | 'statusPort'
  | 'statusAddress'
  | 'adminPort'
  | 'adminAddress'
  | 'adminTokenFile'
  | 'proxyProtocolFrom'
> = {
  addresses: {
    flag: 'address',
    group: 'Listeners',
    value: list(address),
    default: ({ system }) => [system.hasIpv6 ? '::' : '0.0.0.0'],
    defaultText: ':: (0.0.0.0 without IPv6)',
    doc: 'Addresses to listen on for HTTP and HTTPS; :: takes IPv4 too. IPv6 ones are left out on a machine without IPv6.',
  },
  httpPort: {
    flag: 'http-port',
    group: 'Listeners',
    value: optional(port, 'off'),
    default: () => 8080,
    doc: 'Port for HTTP; 0 takes a free one.',
  },
  httpsPort: {
    flag: 'https-port',
    group: 'Listeners',
    value: optional(port, 'off'),
    default: () => 8443,
    doc: 'Port for HTTPS; 0 takes a free one.',
  },
  publishedHttpPort: {
    flag: 'published-http-port',
    group: 'Listeners',
    value: optional(port, 'same'),
    default: ({ manifests }) => (manifests ? undefined : 80),
    defaultText: '80; same with --manifests',
    doc: 'Port that clients dial for HTTP when a Service stands in front; same: the listening port.',
  },
  publishedHttpsPort: {
    flag: 'published-https-port',
    group: 'Listeners',
    value: optional(port, 'same'),
    default: ({ manifests }) => (manifests ? undefined : 443),
    defaultText: '443; same with --manifests',
    doc: 'Port that clients dial for HTTPS, used by redirects; same: the listening port.',
  },
  statusPort: {
    flag: 'status-port',
    group: 'Listeners',
    value: port,
    default: () => 10254,
    doc: 'Port for /healthz, /readyz and /metrics; 0 takes a free one.',
  },
  statusAddress: {
    flag: 'status-address',
    group: 'Listeners',
    value: address,
    default: ({ system, manifests }) => (manifests ? '127.0.0.1' : system.hasIpv6 ? '::' : '0.0.0.0'),
    defaultText: ':: (0.0.0.0 without IPv6); 127.0.0.1 with --manifests',
    doc: 'Address for /healthz, /readyz and /metrics.',
  },
  adminPort: {
    flag: 'admin-port',
    group: 'Listeners',
    value: port,
    default: () => 10255,
    doc: 'Port for /debug/*; 0 takes a free one.',
  },
  adminAddress: {
    flag: 'admin-address',
    group: 'Listeners',
    value: loopbackAddress,
    default: () => '127.0.0.1',
    doc: 'Address for /debug/*, which shows routes and client addresses: a loopback address, reached with kubectl port-forward.',
  },
  adminTokenFile: {
    flag: 'admin-token-file',
    group: 'Listeners',
    value: optional(text('FILE', 'a path'), 'none'),
    default: () => undefined,
    doc: 'File with the token, of at least 16 characters, that PUT and DELETE below /debug/* need, read at every change; none: they are refused.',
  },
  proxyProtocolFrom: {
    flag: 'proxy-protocol-from',
    group: 'Listeners',
    value: list(cidr),
    default: () => [],
    doc: 'Peers that must send a PROXY v1 or v2 header, which is believed. Nobody else may send one.',
  },
};
