import type { FieldFacts } from './field-rows.ts';
import { sharedPlaces } from './shared-schemas.ts';
import { specFields } from './spec-fields.ts';

const acme = 'acme/program.test.ts';
const acmeTls = 'acme/tls-alpn.test.ts';
const acmeDns = 'acme/dns.test.ts';
const acmeIssuers = 'feature/program/acme-issuers.test.ts';
const acmeSelfCheck = 'acme/self-check.test.ts';
const acmeOwners = 'unit/translate/acme-owners.test.ts';
const listeners = 'feature/program/smart-proxy-config.test.ts';
const settings = 'feature/program/smart-proxy-settings.test.ts';
const claims = 'feature/program/host-claims.test.ts';
const tls = 'feature/program/smart-proxy-tls.test.ts';
const tickets = 'feature/workers/shared-tls.test.ts';
const logs = 'feature/program/access-log.test.ts';
const defaults = 'feature/program/smart-proxy-defaults.test.ts';

/** Fields that are those of a SmartRoute, and listed on its page. */
export const sharedFields = Object.keys(sharedPlaces).map((name) => `defaults.${name}`);

/** A way of asking is inherited or replaced as a whole, and its fields are listed with those of a SmartRoute. */
export const waysOfAsking: readonly string[] = ['basic', 'external', 'jwt', 'oidc'].map((kind) => `defaults.policy.auth.${kind}`);

/** What `defaults` leave to routes: a rule of the CRD refuses it. */
const notInherited = ['defaults.policy.auth.none'];

/** The fields below `defaults` that hold a value and may be set there. */
export function inheritableFields(crdPath: string): readonly string[] {
  const leaves = specFields(crdPath, waysOfAsking).filter(({ path, isLeaf }) => isLeaf && path.startsWith('defaults.'));
  return leaves.map(({ path }) => path).filter((path) => !notInherited.includes(path));
}

/** Every field of `spec` that holds a value, by its path. A test fails when one is missing here, or its test is. */
export const smartProxyConfigFields: Readonly<Record<string, FieldFacts>> = {
  'listeners[].name': { byDefault: 'required', test: [listeners, 'listeners come, move and go'] },
  'listeners[].port': { byDefault: 'required', test: [listeners, 'listeners come, move and go'] },
  'listeners[].publishedPort': { byDefault: '`port`', test: [listeners, 'publishedPort is what redirects and X-Forwarded-Port say'] },
  'listeners[].protocol': { byDefault: 'required', test: [listeners, 'protocol says what a port speaks'] },
  trustedProxies: { byDefault: '`--trusted-proxies`', test: [settings, 'trustedProxies are believed'] },
  'drain.delay': { byDefault: '`--drain-delay`', test: [settings, 'drain.delay and drain.timeout'] },
  'drain.timeout': { byDefault: '`--drain-timeout`', test: [settings, 'drain.timeout is what connections have'] },
  'limits.maxConnections': { byDefault: '`--max-connections`', test: [settings, 'limits hold for connections that come'] },
  'limits.maxConnectionsPerAddress': { byDefault: '`--max-connections-per-ip`', test: [settings, 'limits hold for connections that come'] },
  'limits.connectionRate': { byDefault: '`--connection-rate`', test: [settings, 'limits hold for connections that come'] },
  'limits.maxUdpSessions': { byDefault: '`--max-udp-sessions`', test: [settings, 'limits.maxUdpSessions bounds'] },
  'limits.maxHandshakes': { byDefault: '`--max-handshakes`', test: [settings, 'limits.maxHandshakes and limits.timeouts.handshake'] },
  'limits.maxConnectionLifetime': { byDefault: '`--max-connection-lifetime`', test: [settings, 'limits.maxConnectionLifetime ends'] },
  'limits.keepAliveRequests': { byDefault: '`--keep-alive-requests`', test: [settings, 'limits.keepAliveRequests is how many'] },
  'limits.timeouts.firstByte': { byDefault: '`--first-byte-timeout`', test: [settings, 'limits.timeouts hold'] },
  'limits.timeouts.handshake': {
    byDefault: '`--handshake-timeout`',
    test: [settings, 'limits.maxHandshakes and limits.timeouts.handshake'],
  },
  'limits.timeouts.header': { byDefault: '`--header-timeout`', test: [settings, 'limits.timeouts hold'] },
  'limits.timeouts.body': { byDefault: '`--body-timeout`', test: [settings, 'limits.timeouts hold'] },
  'limits.timeouts.keepAlive': { byDefault: '`--keep-alive-timeout`', test: [settings, 'limits.timeouts hold'] },
  'limits.clients.allow': { byDefault: '`--allow-cidrs`', test: [settings, 'limits.clients lets in'] },
  'limits.clients.deny': { byDefault: '`--deny-cidrs`', test: [settings, 'limits.clients lets in'] },
  'tls.profile': { byDefault: '`Intermediate`', test: [tls, 'profile Modern speaks TLS 1.3 alone'] },
  'tls.minVersion': { byDefault: 'that of the profile', test: [tls, 'minVersion is that of hosts'] },
  'tls.ticketKeyRotation': { byDefault: '`--ticket-key-rotation`', test: [tickets, 'ticketKeyRotation of the SmartProxyConfig'] },
  'accessLog.mode': { byDefault: '`--access-log`', test: [logs, 'accessLog.mode of the SmartProxyConfig'] },
  'accessLog.format': { byDefault: '`--access-log-format`', test: [logs, 'accessLog.format of the SmartProxyConfig'] },
  'hostClaims[].hosts': { byDefault: 'required', test: [claims, 'hostClaims let the namespaces'] },
  'hostClaims[].namespaces': { byDefault: 'nobody', test: [claims, 'hostClaims let the namespaces'] },
  unclaimedHosts: { byDefault: '`Shared`', test: [claims, 'unclaimedHosts Oldest makes a host'] },
  'defaults.connection': { byDefault: 'none', test: [defaults, 'defaults.connection holds for'] },
  'defaults.loadBalancing': { byDefault: '`--load-balancing`', test: [defaults, 'defaults.loadBalancing is inherited or'] },
  'defaults.udp': { byDefault: '30s, no limit', test: [defaults, 'defaults.udp is inherited by'] },
  'defaults.policy': { byDefault: 'the options', test: [defaults, 'defaults.policy is inherited by'] },
  'listeners[].namespaces': { byDefault: 'everybody', test: [claims, 'listeners[].namespaces says'] },
  'acme.issuers[].name': { byDefault: 'required', test: [acme, 'issuers give certificates to'] },
  'acme.issuers[].directory': { byDefault: 'required', test: [acme, 'issuers give certificates to'] },
  'acme.issuers[].caRef.name': { byDefault: 'the CAs of the system', test: [acme, 'issuers give certificates to'] },
  'acme.issuers[].email': { byDefault: 'none', test: [acme, 'issuers give certificates to'] },
  'acme.issuers[].externalAccountBinding.keyId': { byDefault: 'required', test: [acme, 'issuers give certificates to'] },
  'acme.issuers[].externalAccountBinding.secretRef.name': { byDefault: 'required', test: [acme, 'issuers give certificates to'] },
  'acme.issuers[].preferredChain': { byDefault: 'the first of the CA', test: [acme, 'issuers give certificates to'] },
  'acme.issuers[].profile': { byDefault: 'that of the CA', test: [acme, 'issuers give certificates to'] },
  'acme.issuers[].challenge': {
    byDefault: '`dns-01` with `dns`; else `http-01`, or without a listener of HTTP `tls-alpn-01`',
    test: [acmeTls, 'an issuer that proves names over TLS'],
  },
  'acme.defaultIssuer': { byDefault: 'none', test: [acmeIssuers, 'the default issuer orders for'] },
  'acme.issuers[].selfCheck': { byDefault: '`Lenient`', test: [acmeSelfCheck, 'resolvers show where names'] },
  'acme.issuers[].reclaimPolicy': { byDefault: '`Retain`', test: [acmeOwners, 'all objects that name the Secret own it'] },
  'acme.issuers[].resolvers': { byDefault: 'those of the pod', test: [acmeSelfCheck, 'resolvers show where names'] },
  'acme.issuers[].dns.rfc2136.server': { byDefault: 'required', test: [acmeDns, 'an issuer with dns'] },
  'acme.issuers[].dns.rfc2136.tsig.keyName': { byDefault: 'required', test: [acmeDns, 'an issuer with dns'] },
  'acme.issuers[].dns.rfc2136.tsig.algorithm': { byDefault: '`hmac-sha256`', test: [acmeDns, 'an issuer with dns'] },
  'acme.issuers[].dns.rfc2136.tsig.secretRef.name': { byDefault: 'required', test: [acmeDns, 'an issuer with dns'] },
  'acme.issuers[].dns.webhook.url': { byDefault: 'required', test: [acmeIssuers, 'providers of DNS get'] },
  'acme.issuers[].dns.webhook.secretRef.name': { byDefault: 'none', test: [acmeIssuers, 'providers of DNS get'] },
  'acme.issuers[].dns.webhook.caRef.name': { byDefault: 'the CAs of the system', test: [acmeIssuers, 'providers of DNS get'] },
  'acme.issuers[].dns.cloudflare.secretRef.name': { byDefault: 'required', test: [acmeIssuers, 'providers of DNS get'] },
  'acme.issuers[].dns.route53.secretRef.name': { byDefault: 'the role of the pod', test: [acmeIssuers, 'providers of DNS get'] },
  'acme.issuers[].dns.route53.hostedZoneId': { byDefault: 'the public one of the name', test: [acmeIssuers, 'providers of DNS get'] },
  'acme.issuers[].keyType': { byDefault: '`ECDSA`', test: [acme, 'issuers give certificates to'] },
  'listeners[].proxyProtocol.from': { byDefault: '`--proxy-protocol-from`', test: [listeners, 'proxyProtocol.from requires the header'] },
};
