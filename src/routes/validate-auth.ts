import type { AuthPolicy, BasicAuth, ExternalAuth, JwtAuth, OidcAuth, ServedDocument } from './auth-policy.ts';
import type { RouteTable } from './route-table.ts';

type Parts = Pick<RouteTable, 'secrets' | 'services'>;

/** The invariants that `auth` of a policy breaks in `table`, each as what follows the policy's name. */
export function authProblems(auth: AuthPolicy, table: Parts): readonly string[] {
  switch (auth.kind) {
    case 'basic':
      return broken(basicChecks(auth, table));
    case 'external':
      return broken(externalChecks(auth, table));
    case 'jwt':
      return broken(jwtChecks(auth, table));
    case 'oidc':
      return broken(oidcChecks(auth, table));
  }
}

/** What must hold, with the sentence for when it does not. */
type Check = readonly [holds: boolean, problem: string];

function broken(checks: readonly Check[]): readonly string[] {
  return checks.flatMap(([holds, problem]) => (holds ? [] : [problem]));
}

function basicChecks({ users, realm, userHeader }: BasicAuth, table: Parts): readonly Check[] {
  return [
    ...secretChecks(users, table),
    [/^[ !#-[\]-~]+$/.test(realm), `has the realm '${realm}'`],
    headersCheck(userHeader === undefined ? [] : [userHeader]),
  ];
}

function externalChecks(auth: ExternalAuth, table: Parts): readonly Check[] {
  const { timeoutMs, requestHeaders = [], responseHeaders, clientHeaders, signIn = '/', cache } = auth;
  const named = (cache?.by ?? []).flatMap((source) => (source.kind === 'header' ? [source.name] : []));
  const statuses = (cache?.durations ?? []).flatMap((duration) => duration.statuses);
  return [
    ...documentChecks(auth, table),
    [Number.isSafeInteger(timeoutMs) && timeoutMs > 0, `asks with a time-out of ${timeoutMs} ms`],
    [/^(?:(?:https?|\$scheme|\$pass_access_scheme):\/\/|\/)[!-~]*$/.test(signIn), `sends browsers to '${signIn}'`],
    [cache === undefined || cache.by.length > 0, 'keeps answers by nothing'],
    [statuses.every((status) => status === 401 || status === 403 || (status >= 200 && status < 300)), `keeps the answers ${statuses}`],
    [(cache?.durations ?? []).every(({ ms }) => Number.isSafeInteger(ms) && ms > 0), 'keeps answers for no time'],
    headersCheck([...requestHeaders, ...responseHeaders, ...clientHeaders, ...named]),
  ];
}

function jwtChecks({ keys, algorithms, leewaySeconds, from, claimHeaders }: JwtAuth, table: Parts): readonly Check[] {
  return [
    ...('secret' in keys ? secretChecks(keys.secret, table) : documentChecks(keys, table)),
    [
      algorithms.length > 0 && algorithms.every((name) => /^(?:[RPE]S(?:256|384|512)|EdDSA)$/.test(name)),
      `takes the algorithms ${algorithms}`,
    ],
    [Number.isFinite(leewaySeconds) && leewaySeconds >= 0, `has a leeway of ${leewaySeconds} s`],
    headersCheck([...(from.kind === 'header' ? [from.name] : []), ...claimHeaders.map(({ header }) => header)]),
  ];
}

function oidcChecks(auth: OidcAuth, table: Parts): readonly Check[] {
  const { secrets, issuer, callbackPath, logoutPath, afterLogout, cookieName, sessionSeconds, claimHeaders } = auth;
  return [
    ...secretChecks(secrets, table),
    [URL.canParse(issuer), `has the issuer '${issuer}'`],
    [
      [callbackPath, logoutPath].every((path) => /^\/[!-~]+$/.test(path)) && callbackPath !== logoutPath,
      `has the paths '${callbackPath}' and '${logoutPath}'`,
    ],
    [/^(?:https?:\/\/|\/)[!-~]*$/.test(afterLogout), `sends browsers to '${afterLogout}'`],
    [/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(cookieName), `has the cookie '${cookieName}'`],
    [Number.isSafeInteger(sessionSeconds) && sessionSeconds > 0, `has sessions of ${sessionSeconds} s`],
    headersCheck(claimHeaders.map(({ header }) => header)),
  ];
}

function documentChecks({ service, authority, target }: ServedDocument, { services }: Parts): readonly Check[] {
  return [
    [services.has(service), `names service ${service}, which is missing`],
    [/^[!-~]+$/.test(authority) && /^\/[!-~]*$/.test(target), `asks '${authority}' for '${target}'`],
  ];
}

function secretChecks(secret: string, { secrets }: Parts): readonly Check[] {
  return [[secrets.has(secret), `names the secret ${secret}, which is missing`]];
}

function headersCheck(names: readonly string[]): Check {
  const wrong = names.find((name) => !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name));
  return [wrong === undefined, `names the header '${wrong}'`];
}
