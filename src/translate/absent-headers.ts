import type { SmartRouteLoadBalancing, SmartRoutePolicy, SmartRouteRule } from '../api/generated/smart-route.ts';
import { quote } from './problem-list.ts';

/** A name of a header that no request has where it is asked for. */
export interface AbsentHeader {
  /** Below the part that was looked at. */
  readonly place: string;
  /** What is wrong, and what to do. */
  readonly sentence: string;
}

/** Of the fields of a connection (RFC 9110 section 7.6.1), which the proxy takes in itself. `Upgrade` can be asked for. */
const ofConnection: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info'],
  ...['te', 'transfer-encoding', 'http2-settings'],
]);
const told: ReadonlySet<string> = new Set(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port']);

/** Those that a rule's matches and hash name, and its own policy. */
export function absentHeadersOfRule({ matches = [], policy = {}, action }: SmartRouteRule): readonly AbsentHeader[] {
  const matched = matches.flatMap(({ headers = [] }, index) =>
    headers.flatMap(({ name }, at) => absent(name, `matches[${index}].headers[${at}].name`)),
  );
  const hashed = absentHeaderOfHash(action.forward?.loadBalancing, 'action.forward.loadBalancing');
  return [...matched, ...hashed, ...absentHeadersOfPolicy(policy)];
}

/** Those that a policy goes by. */
export function absentHeadersOfPolicy({ rateLimits = [], auth }: SmartRoutePolicy): readonly AbsentHeader[] {
  const keys = auth?.external?.cache?.key ?? [];
  return [
    ...rateLimits.flatMap(({ key }, index) => (key?.type === 'Header' ? absent(key.header, `policy.rateLimits[${index}].key.header`) : [])),
    ...keys.flatMap(({ type, name }, index) => (type === 'Header' ? absent(name, `policy.auth.external.cache.key[${index}].name`) : [])),
  ];
}

/** That which endpoints are chosen by. */
export function absentHeaderOfHash(balancing: Pick<SmartRouteLoadBalancing, 'hash'> | undefined, place: string): readonly AbsentHeader[] {
  return balancing?.hash?.type === 'Header' ? absent(balancing.hash.name, `${place}.hash.name`) : [];
}

function absent(name: string | undefined, place: string): readonly AbsentHeader[] {
  const why = name === undefined ? undefined : whyAbsent(name.toLowerCase());
  return why === undefined ? [] : [{ place, sentence: `no request has the header ${quote(name)} here: ${why}` }];
}

function whyAbsent(name: string): string | undefined {
  if (name.includes('_')) return 'those with "_" in their name are taken from requests, for servers mistake them for others; use "-"';
  if (name === 'connection') return 'it is for the connection of the client; ask for Upgrade';
  if (ofConnection.has(name)) return 'it is for the connection of the client; remove it';
  if (name === 'expect') return 'the proxy itself does what it asks for; remove it';
  if (name === 'proxy') return 'it is taken from requests, for programs mistake it for their own settings; remove it';
  if (name.startsWith('x-forwarded-') && !told.has(name))
    return 'of X-Forwarded-... only -For, -Proto, -Host and -Port are there; use one of them, or another name';
  return undefined;
}
