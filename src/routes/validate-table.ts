import { isIP } from 'node:net';
import { isNetwork } from '../address-list.ts';
import { maxTimeoutMs } from '../timer-wheel.ts';
import { compareRoutes } from './compare-routes.ts';
import { entryKey } from './entry-key.ts';
import { hostKeyProblem } from './host-name.ts';
import { LinearRegex } from './linear-regex.ts';
import {
  type Certificate,
  defaultCertificateKey,
  type EndpointSet,
  type Host,
  type L4Route,
  type Listener,
  type PathRewrite,
  type Policy,
  type RedirectTarget,
  type RespondAction,
  type Route,
  type RouteAction,
  type RouteMatch,
  type RouteTable,
  type Service,
  tableParts,
} from './route-table.ts';

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
  for (const route of table.l4.values()) checkL4Route(route, table, problems);
  for (const policy of table.policies.values()) checkPolicy(policy, problems);
  for (const service of table.services.values()) checkService(service, problems);
  for (const set of table.endpoints.values()) checkEndpoints(set, table, problems);
  for (const certificate of table.certificates.values()) checkCertificate(certificate, problems);
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
      const place = `${address} port ${listener.port}`;
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
    for (const key of host.tls.certificates) {
      problems.check(table.certificates.has(key) || key === defaultCertificateKey, `${subject} names certificate ${key}, which is missing`);
    }
  } else if (host.tls !== undefined) {
    checkServiceKey(host.tls.service, table, subject, problems);
    checkPolicyKey(host.tls.policy, table, subject, problems);
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
  checkAction(route.action, table, subject, problems);
}

function checkMatch(match: RouteMatch, subject: string, problems: Problems): void {
  const { path } = match;
  if (path.kind === 'regex') checkPattern(path.value, subject, problems);
  else problems.check(path.value.startsWith('/'), `${subject} has the path '${path.value}', which does not begin with /`);
  for (const { name } of match.headers) {
    problems.check(name !== '' && name === name.toLowerCase(), `${subject} matches the header '${name}', which is not in lower case`);
  }
  for (const { kind, value } of [...match.headers, ...match.query]) if (kind === 'regex') checkPattern(value, subject, problems);
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
  problems.check(
    action.backends.some((backend) => backend.weight > 0),
    `${subject} forwards to no backend with a weight`,
  );
  for (const { service, weight } of action.backends) {
    problems.check(Number.isSafeInteger(weight) && weight >= 0, `${subject} gives ${service} the weight ${weight}`);
    if (service !== undefined) checkServiceKey(service, table, subject, problems);
  }
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

const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

function checkL4Route(route: L4Route, table: RouteTable, problems: Problems): void {
  const subject = `L4 route ${route.key}`;
  problems.check(table.listeners.has(route.listener), `${subject} names listener ${route.listener}, which is missing`);
  checkServiceKey(route.service, table, subject, problems);
  checkPolicyKey(route.policy, table, subject, problems);
}

function checkPolicy(policy: Policy, problems: Problems): void {
  const subject = `policy ${policy.key}`;
  for (const [name, value] of Object.entries(policy.timeouts)) {
    problems.check(isCount(value) && value <= maxTimeoutMs, `${subject} has ${name} ${value}, which is outside 0 to ${maxTimeoutMs}`);
  }
  problems.check(isCount(policy.maxRequestBodyBytes), `${subject} has maxRequestBodyBytes ${policy.maxRequestBodyBytes}`);
  problems.check(isCount(policy.maxCallBytes), `${subject} has maxCallBytes ${policy.maxCallBytes}`);
  problems.check(isCount(policy.retries), `${subject} has retries ${policy.retries}`);
  for (const edits of [policy.requestHeaders, policy.responseHeaders]) {
    if (edits === undefined) continue;
    checkHeaders(edits.set, subject, problems);
    checkHeaders(edits.add, subject, problems);
    for (const name of edits.remove) problems.check(headerName.test(name), `${subject} removes the header '${name}'`);
  }
  const { allow = [], deny = [] } = policy.clients ?? {};
  for (const cidr of [...allow, ...deny]) problems.check(isNetwork(cidr), `${subject} names '${cidr}', which is no network`);
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
}

function checkEndpoints(set: EndpointSet, table: RouteTable, problems: Problems): void {
  const subject = `endpoint set ${set.key}`;
  checkServiceKey(set.key, table, subject, problems);
  const seen = new Set<string>();
  for (const { address, port } of set.endpoints) {
    const place = `${address} port ${port}`;
    problems.check(address !== '' && isPort(port), `${subject} has the endpoint '${place}'`);
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

function checkPolicyKey(key: string, table: RouteTable, subject: string, problems: Problems): void {
  problems.check(table.policies.has(key), `${subject} names policy ${key}, which is missing`);
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
