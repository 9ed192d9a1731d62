import { isIP } from 'node:net';
import { isNetwork } from '../address-list.ts';
import { maxTimeoutMs } from '../timer-wheel.ts';
import { compareRoutes } from './compare-routes.ts';
import { entryKey } from './entry-key.ts';
import { hostKeyProblem } from './host-name.ts';
import { LinearRegex } from './linear-regex.ts';
import type { Policy } from './policy.ts';
import type {
  L4Route,
  PathRewrite,
  RedirectTarget,
  RespondAction,
  Route,
  RouteAction,
  RouteMatch,
  SessionCookie,
  WeightedBackend,
} from './route.ts';
import {
  type Certificate,
  defaultCertificateKey,
  type Host,
  type InstallationSettings,
  type Listener,
  type RouteTable,
  tableParts,
  tcpOf,
} from './route-table.ts';
import type { EndpointSet, HealthCheck, Service } from './service.ts';
import { authProblems } from './validate-auth.ts';

/** The most problems that are reported at once: one mistake in translate can break every route. */
export const maxTableProblems = 50;

/**
 * The invariants of a table that this one breaks, a sentence each, at most `maxTableProblems`; empty when it may be published. A broken
 * one is always a bug of whoever made the table: users' mistakes end in translate.
 */
export function validateTable(table: RouteTable): readonly string[] {
  const problems = new Problems();
  checkKeys(table, problems);
  checkListeners(table, problems);
  const routeKeys = new Set<string>();
  for (const host of table.hosts.values()) {
    checkHost(host, table, problems);
    for (const route of host.routes) {
      if (routeKeys.has(route.key)) problems.add(`route ${route.key} is not the only one with its key`);
      routeKeys.add(route.key);
      checkRoute(route, table, problems);
    }
  }
  checkL4Routes(table, problems);
  for (const policy of table.policies.values()) checkPolicy(policy, table, problems);
  for (const service of table.services.values()) checkService(service, problems);
  for (const set of table.endpoints.values()) checkEndpoints(set, table, problems);
  for (const certificate of table.certificates.values()) checkCertificate(certificate, problems);
  for (const settings of table.settings.values()) checkSettings(settings, problems);
  return problems.found;
}

class Problems {
  readonly found: string[] = [];

  add(problem: string): void {
    if (this.found.length < maxTableProblems) this.found.push(problem);
  }

  /** Adds `problem` unless `holds`. */
  check(holds: boolean, problem: string): void {
    if (!holds) this.add(problem);
  }
}

function checkKeys(table: RouteTable, problems: Problems): void {
  for (const part of tableParts) {
    for (const [key, entry] of table[part]) {
      problems.check(key !== '' && key === entryKey(entry), `${part} lists ${entryKey(entry)} under the key '${key}'`);
    }
  }
}

function checkListeners(table: RouteTable, problems: Problems): void {
  const taken = new Map<string, string>();
  for (const listener of table.listeners.values()) {
    checkListener(listener, problems);
    if (listener.port === 0) continue;
    for (const address of listener.addresses) {
      const place = `${address} port ${listener.port}${listener.protocol === 'udp' ? ' of UDP' : ''}`;
      const other = taken.get(place);
      problems.check(other === undefined, `listener ${listener.key} takes ${place}, as ${other} does`);
      taken.set(place, listener.key);
    }
  }
}

function checkListener(listener: Listener, problems: Problems): void {
  const subject = `listener ${listener.key}`;
  problems.check(isPort(listener.port) || listener.port === 0, `${subject} has port ${listener.port}`);
  problems.check(isPort(listener.publishedPort) || listener.publishedPort === 0, `${subject} has published port ${listener.publishedPort}`);
  problems.check(listener.addresses.length > 0, `${subject} has no address`);
  for (const address of listener.addresses)
    problems.check(isIP(address) !== 0, `${subject} has the address '${address}', which is not numeric`);
  for (const cidr of listener.proxyProtocolFrom) problems.check(isNetwork(cidr), `${subject} trusts '${cidr}', which is no network`);
}

function checkHost(host: Host, table: RouteTable, problems: Problems): void {
  const subject = `host ${host.key}`;
  const keyProblem = hostKeyProblem(host.key);
  problems.check(keyProblem === undefined, `${subject} ${keyProblem}`);
  problems.check(isSorted(host.routes), `${subject} has routes that are not in order of precedence`);
  if (host.tls?.kind === 'terminate') {
    const { policy } = host.tls;
    problems.check(
      policy === undefined || (policy.key !== '' && policy.alpn?.length !== 0),
      `${subject} has a TLS policy without a key or ALPN`,
    );
    for (const key of host.tls.certificates) {
      problems.check(table.certificates.has(key) || key === defaultCertificateKey, `${subject} names certificate ${key}, which is missing`);
    }
  }
  const tcp = tcpOf(host.tls);
  if (tcp === undefined) return;
  checkBackends(tcp.backends, table, subject, problems);
  checkPolicyKey(tcp.policy, table, subject, problems);
  checkListenerKeys(tcp.listeners, table, subject, problems);
  if (host.tls?.kind !== 'terminate' || host.tls.tcp?.reencrypts !== true) return;
  for (const { service } of tcp.backends) {
    const found = service === undefined ? undefined : table.services.get(service);
    problems.check(found === undefined || found.tls !== undefined, `${subject} speaks TLS to service ${service}, which does not`);
  }
}

function isSorted(routes: readonly Route[]): boolean {
  return routes.every((route, index) => {
    const previous = routes[index - 1];
    return previous === undefined || compareRoutes(previous, route) < 0;
  });
}

function checkRoute(route: Route, table: RouteTable, problems: Problems): void {
  const subject = `route ${route.key}`;
  problems.check(Number.isSafeInteger(route.priority), `${subject} has priority ${route.priority}`);
  problems.check(Number.isFinite(route.createdAtMs), `${subject} has creation time ${route.createdAtMs}`);
  checkPolicyKey(route.policy, table, subject, problems);
  checkMatch(route.match, subject, problems);
  problems.check(route.action.kind === 'fail' || !hasUnusablePattern(route.match), `${subject} serves by a pattern that can not be used`);
  checkListenerKeys(route.match.listeners, table, subject, problems);
  checkNetworks(route.match.clients, subject, problems);
  checkAction(route.action, table, subject, problems);
}

function checkNetworks(networks: readonly string[] | undefined, subject: string, problems: Problems): void {
  for (const network of networks ?? []) problems.check(isNetwork(network), `${subject} is for '${network}', which is no network`);
}

function checkMatch(match: RouteMatch, subject: string, problems: Problems): void {
  const { path } = match;
  if (path.kind === 'regex') checkPattern(path.value, subject, problems);
  else if (path.kind !== 'unusable-regex')
    problems.check(path.value.startsWith('/'), `${subject} has the path '${path.value}', which does not begin with /`);
  for (const { name } of match.headers) {
    problems.check(name !== '' && name === name.toLowerCase(), `${subject} matches the header '${name}', which is not in lower case`);
  }
  for (const { kind, value } of [...match.headers, ...match.query]) if (kind === 'regex') checkPattern(value, subject, problems);
}

function hasUnusablePattern({ path, headers, query }: RouteMatch): boolean {
  return [path, ...headers, ...query].some(({ kind }) => kind === 'unusable-regex');
}

function checkPattern(pattern: string, subject: string, problems: Problems): void {
  const regex = LinearRegex.compile(pattern);
  if (typeof regex === 'string') problems.add(`${subject} has the pattern '${pattern}', which ${regex}`);
}

function checkAction(action: RouteAction, table: RouteTable, subject: string, problems: Problems): void {
  if (action.kind === 'redirect') checkRedirect(action.to, subject, problems);
  if (action.kind === 'respond') checkAnswer(action, subject, problems);
  if (action.kind !== 'forward') return;
  checkRewrite(action.rewrite?.path, subject, problems);
  const { hashBy, sessionCookie } = action;
  if (hashBy?.kind === 'header') problems.check(headerName.test(hashBy.name), `${subject} hashes the header '${hashBy.name}'`);
  if (sessionCookie !== undefined) checkSessionCookie(sessionCookie, subject, problems);
  const isHashed = hashBy?.kind === 'cookie' && hashBy.name === sessionCookie?.name;
  problems.check(
    sessionCookie?.mode !== 'balanced' || isHashed,
    `${subject} has sessions in balance by a cookie that nothing is hashed by`,
  );
  checkBackends(action.backends, table, subject, problems);
}

function checkBackends(backends: readonly WeightedBackend[], table: RouteTable, subject: string, problems: Problems): void {
  problems.check(
    backends.some((backend) => backend.weight > 0),
    `${subject} forwards to no backend with a weight`,
  );
  for (const { service, weight, listeners } of backends) {
    checkListenerKeys(listeners, table, subject, problems);
    problems.check(Number.isSafeInteger(weight) && weight >= 0, `${subject} gives ${service} the weight ${weight}`);
    if (service !== undefined) checkServiceKey(service, table, subject, problems);
  }
}

function checkSessionCookie(
  { name, path = '/', domain = '', maxAgeSeconds = 0 }: SessionCookie,
  subject: string,
  problems: Problems,
): void {
  problems.check(name !== '' && /^[!-:<-~]*$/.test(name) && !name.includes('='), `${subject} sets a cookie named '${name}'`);
  problems.check(/^\/[!-:<-~]*$/.test(path), `${subject} sets a cookie for the path '${path}'`);
  problems.check(/^[a-z0-9.-]*$/.test(domain), `${subject} sets a cookie for the domain '${domain}'`);
  problems.check(isCount(maxAgeSeconds), `${subject} sets a cookie for ${maxAgeSeconds} s`);
}

function checkRedirect({ host, port, path }: RedirectTarget, subject: string, problems: Problems): void {
  problems.check(host === undefined || /^[a-z0-9.-]+$/.test(host), `${subject} redirects to the host '${host}'`);
  problems.check(port === undefined || isPort(port), `${subject} redirects to port ${port}`);
  checkRewrite(path, subject, problems);
}

function checkRewrite(path: PathRewrite | undefined, subject: string, problems: Problems): void {
  if (path === undefined) return;
  if (path.kind === 'regex') checkPattern(path.pattern, subject, problems);
  else problems.check(/^\/[!-~]*$/.test(path.value), `${subject} rewrites to the path '${path.value}'`);
}

function checkAnswer({ status, headers }: RespondAction, subject: string, problems: Problems): void {
  problems.check(Number.isInteger(status) && status >= 200 && status <= 599, `${subject} answers ${status}`);
  checkHeaders(headers, subject, problems);
}

/** @param headers flat */
function checkHeaders(headers: readonly string[], subject: string, problems: Problems): void {
  problems.check(headers.length % 2 === 0, `${subject} has a header without a value`);
  const isSafe = headers.every((text, index) => (index % 2 === 0 ? headerName : /^[\t\x20-\x7e]*$/).test(text));
  problems.check(isSafe, `${subject} has a header that may not be sent`);
}

/** In lower case. */
const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

function checkL4Routes(table: RouteTable, problems: Problems): void {
  const taken = new Map<string, string>();
  for (const route of table.l4.values()) {
    checkL4Route(route, table, problems);
    const place = `${route.listener} ${route.protocol} ${route.clients === undefined ? '' : `rank ${route.rank}`}`;
    const other = taken.get(place);
    problems.check(other === undefined, `L4 route ${route.key} takes listener ${route.listener}, as ${other} does`);
    taken.set(place, route.key);
  }
}

function checkL4Route(route: L4Route, table: RouteTable, problems: Problems): void {
  const subject = `L4 route ${route.key}`;
  checkListenerKeys([route.listener], table, subject, problems);
  checkNetworks(route.clients, subject, problems);
  problems.check((route.clients === undefined) === (route.rank === undefined), `${subject} is for certain clients without a rank`);
  const isUdp = route.protocol === 'udp';
  problems.check(isUdp === (route.idleTimeoutMs !== undefined), `${subject} is one of ${route.protocol} and its idle time does not fit`);
  for (const most of [route.maxSessions, route.maxSessionsPerAddress])
    problems.check(most === undefined || (isUdp && isCount(most) && most > 0), `${subject} has a limit of ${most} sessions`);
  checkBackends(route.backends, table, subject, problems);
  checkPolicyKey(route.policy, table, subject, problems);
}

function checkPolicy(policy: Policy, table: RouteTable, problems: Problems): void {
  const subject = `policy ${policy.key}`;
  for (const [name, value] of Object.entries(policy.timeouts)) {
    problems.check(isCount(value) && value <= maxTimeoutMs, `${subject} has ${name} ${value}, which is outside 0 to ${maxTimeoutMs}`);
  }
  problems.check(isCount(policy.maxRequestBodyBytes), `${subject} has maxRequestBodyBytes ${policy.maxRequestBodyBytes}`);
  problems.check(isCount(policy.maxCallBytes), `${subject} has maxCallBytes ${policy.maxCallBytes}`);
  problems.check(isCount(policy.retries), `${subject} has retries ${policy.retries}`);
  const { perTryTimeoutMs = 0, backOffMs = 0 } = policy.retryRules ?? {};
  for (const ms of [perTryTimeoutMs, backOffMs]) problems.check(isCount(ms) && ms <= maxTimeoutMs, `${subject} retries after ${ms} ms`);
  for (const edits of [policy.requestHeaders, policy.responseHeaders]) {
    if (edits === undefined) continue;
    checkHeaders(edits.set, subject, problems);
    checkHeaders(edits.add, subject, problems);
    for (const name of edits.remove) problems.check(headerName.test(name), `${subject} removes the header '${name}'`);
  }
  for (const [name, value] of Object.entries(policy.connection ?? {})) {
    if (typeof value !== 'number') continue;
    const most = name.endsWith('Ms') ? maxTimeoutMs : Number.MAX_SAFE_INTEGER;
    problems.check(isCount(value) && value <= most, `${subject} has ${name} ${value}, which is outside 0 to ${most}`);
  }
  const { allow = [], deny = [] } = policy.clients ?? {};
  for (const { statuses, content } of policy.errorPages ?? []) {
    for (const status of statuses)
      problems.check(isCount(status) && status >= 400 && status <= 599, `${subject} has an error page for ${status}`);
    if (content.kind === 'service') checkServiceKey(content.service, table, subject, problems);
    else checkHeaders(['content-type', content.contentType], subject, problems);
    if (content.kind === 'page') problems.check(table.pages.has(content.page), `${subject} names page ${content.page}, which is missing`);
  }
  const { compression, mirror, buffering, maxRequestHeadBytes = 1 } = policy;
  problems.check(isCount(maxRequestHeadBytes) && maxRequestHeadBytes > 0, `${subject} allows heads of ${maxRequestHeadBytes} bytes`);
  for (const bytes of buffering === undefined ? [] : [buffering.requestBytes, buffering.answerBytes])
    problems.check(isCount(bytes), `${subject} buffers ${bytes} bytes`);
  if (mirror !== undefined) {
    checkServiceKey(mirror.service, table, subject, problems);
    problems.check(isCount(mirror.percent) && mirror.percent >= 1 && mirror.percent <= 100, `${subject} mirrors ${mirror.percent} percent`);
    problems.check(isCount(mirror.maxBodyBytes), `${subject} mirrors bodies of ${mirror.maxBodyBytes} bytes`);
  }
  if (compression !== undefined) {
    problems.check(compression.algorithms.length > 0, `${subject} compresses without an algorithm`);
    problems.check(isCount(compression.minBytes), `${subject} compresses from ${compression.minBytes} bytes on`);
    for (const type of compression.types) problems.check(/^[!-.0-~]+\/[!-~]+$/.test(type), `${subject} compresses the type '${type}'`);
  }
  for (const { scope, most, exempt } of policy.requestLimits ?? []) {
    problems.check(scope !== '', `${subject} has a limit of requests without a scope`);
    problems.check(isCount(most) && most > 0, `${subject} lets ${most} requests be answered at once`);
    for (const cidr of exempt) problems.check(isNetwork(cidr), `${subject} exempts '${cidr}', which is no network`);
  }
  for (const { scope, requests, windowMs, burst, exempt } of policy.rateLimits ?? []) {
    problems.check(scope !== '', `${subject} has a rate limit without a scope`);
    for (const value of [requests, windowMs, burst])
      problems.check(isCount(value) && value > 0, `${subject} has a rate limit with ${value}`);
    for (const cidr of exempt) problems.check(isNetwork(cidr), `${subject} exempts '${cidr}', which is no network`);
  }
  for (const cidr of [...allow, ...deny]) problems.check(isNetwork(cidr), `${subject} names '${cidr}', which is no network`);
  const { auth, maintenance } = policy;
  const hasBoth = auth !== undefined && allow.length > 0;
  problems.check(policy.satisfyAny !== true || hasBoth, `${subject} is satisfied by any of one`);
  for (const cidr of maintenance?.allow ?? []) problems.check(isNetwork(cidr), `${subject} serves '${cidr}', which is no network`);
  if (maintenance !== undefined) checkAnswer(maintenance.answer, subject, problems);
  if (auth !== undefined) for (const problem of authProblems(auth, table)) problems.add(`${subject} ${problem}`);
}

function checkService(service: Service, problems: Problems): void {
  const certificate = service.tls?.clientCertificate;
  if (certificate !== undefined) checkCertificate(certificate, problems);
  const overTls = service.protocol === 'https' || service.protocol === 'h2';
  problems.check(isPort(service.port), `service ${service.key} has port ${service.port}`);
  problems.check(
    overTls === (service.tls !== undefined),
    `service ${service.key} has protocol ${service.protocol} and TLS settings do not fit`,
  );
  const { maxLoadPercent = 101, slowStartMs = 1, healthCheck, outlierDetection, limits } = service;
  for (const [name, value] of Object.entries<number | undefined>({ ...outlierDetection, ...limits }))
    problems.check(isCount(value ?? 0), `service ${service.key} has ${name} ${value}`);
  if (healthCheck !== undefined) checkHealthCheck(healthCheck, `service ${service.key}`, problems);
  problems.check(isCount(slowStartMs) && slowStartMs > 0, `service ${service.key} has slowStartMs ${slowStartMs}`);
  problems.check(isCount(maxLoadPercent) && maxLoadPercent > 100, `service ${service.key} has maxLoadPercent ${maxLoadPercent}`);
}

function checkHealthCheck(check: HealthCheck, subject: string, problems: Problems): void {
  for (const name of ['intervalMs', 'timeoutMs', 'unhealthyThreshold', 'healthyThreshold'] as const)
    problems.check(isCount(check[name]) && check[name] > 0, `${subject} has a health check with ${name} ${check[name]}`);
  problems.check(check.port === undefined || isPort(check.port), `${subject} has a health check on port ${check.port}`);
  if (check.kind === 'http') problems.check(/^\/[!-~]*$/.test(check.path), `${subject} has a health check of the path '${check.path}'`);
}

function checkEndpoints(set: EndpointSet, table: RouteTable, problems: Problems): void {
  const subject = `endpoint set ${set.key}`;
  checkServiceKey(set.key, table, subject, problems);
  const seen = new Set<string>();
  for (const { address, port, session = '' } of set.endpoints) {
    const place = `${address} port ${port}`;
    problems.check(address !== '' && isPort(port), `${subject} has the endpoint '${place}'`);
    problems.check(/^[\w-]*$/.test(session), `${subject} has the session '${session}' for ${place}`);
    problems.check(!seen.has(place), `${subject} lists ${place} twice`);
    seen.add(place);
  }
}

function checkCertificate(certificate: Certificate, problems: Problems): void {
  const subject = `certificate ${certificate.key}`;
  problems.check(certificate.chain !== '', `${subject} has no chain`);
  problems.check(certificate.fingerprint !== '', `${subject} has no fingerprint`);
  for (const name of certificate.names) problems.check(name === name.toLowerCase(), `${subject} has the name ${name}, not in lower case`);
}

function checkSettings(settings: InstallationSettings, problems: Problems): void {
  const { trustedProxies = [], allowCidrs = [], denyCidrs = [] } = settings;
  for (const cidr of [...trustedProxies, ...allowCidrs, ...denyCidrs])
    problems.check(isNetwork(cidr), `settings name '${cidr}', which is no network`);
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== 'number') continue;
    const most = name.endsWith('Ms') ? maxTimeoutMs : Number.MAX_SAFE_INTEGER;
    problems.check(isCount(value) && value <= most, `settings have ${name} ${value}, which is outside 0 to ${most}`);
  }
}

function checkPolicyKey(key: string, table: RouteTable, subject: string, problems: Problems): void {
  problems.check(table.policies.has(key), `${subject} names policy ${key}, which is missing`);
}

/** @param keys undefined: any listener */
function checkListenerKeys(keys: readonly string[] | undefined, table: RouteTable, subject: string, problems: Problems): void {
  for (const key of keys ?? []) problems.check(table.listeners.has(key), `${subject} names listener ${key}, which is missing`);
}

function checkServiceKey(key: string, table: RouteTable, subject: string, problems: Problems): void {
  problems.check(table.services.has(key), `${subject} names service ${key}, which is missing`);
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
