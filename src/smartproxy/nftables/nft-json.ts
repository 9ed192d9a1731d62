/**
 * The part of nft's JSON (libnftables-json(5)) that we write and read. Objects lack `family` and `table`, which `transaction` adds: all of
 * ours are in one table.
 */
export type Expression = Readonly<Record<string, unknown>> | string | number;

/** What a rule does with a packet, in order. */
export type Statement = Readonly<Record<string, unknown>>;

export type NftObject =
  | { readonly kind: 'chain'; readonly name: string; readonly base?: BaseChain }
  | { readonly kind: 'counter'; readonly name: string }
  /** New connections over a rate match. */
  | { readonly kind: 'limit'; readonly name: string; readonly rate: number; readonly burst: number }
  | { readonly kind: 'set'; readonly name: string; readonly type: 'ipv4_addr' | 'ipv6_addr'; readonly use: 'networks' | 'clients' }
  /** What is open, counted for each element. */
  | { readonly kind: 'set'; readonly name: string; readonly type: 'ipv4_addr' | 'ipv6_addr' | 'inet_proto'; readonly use: 'places' }
  /** From address, protocol and port to the chain of a route. */
  | { readonly kind: 'map'; readonly name: string; readonly type: 'ipv4_addr' | 'ipv6_addr' };

export interface BaseChain {
  readonly type: 'filter' | 'nat';
  readonly hook: 'prerouting' | 'output' | 'postrouting';
  readonly prio: number;
}

export interface NftRule {
  readonly chain: string;
  readonly statements: readonly Statement[];
}

/** Elements of a named set or map. */
export interface NftElements {
  readonly of: string;
  readonly elements: readonly unknown[];
}

/** The whole content of our table. */
export interface Ruleset {
  readonly objects: readonly NftObject[];
  readonly elements: readonly NftElements[];
  readonly rules: readonly NftRule[];
}

export function matches(left: Expression, right: unknown, op: '==' | '!=' | 'in' = '=='): Statement {
  return { match: { op, left, right } };
}

export const drop: Statement = { drop: null };
export const layer4Protocol: Expression = { meta: { key: 'l4proto' } };

export function payload(protocol: 'ip' | 'ip6' | 'th', field: 'saddr' | 'daddr' | 'sport' | 'dport'): Expression {
  return { payload: { protocol, field } };
}

export function conntrack(key: string, direction?: 'original'): Expression {
  return { ct: { key, ...(direction === undefined ? {} : { dir: direction }) } };
}

export function concatenated(...parts: readonly Expression[]): Expression {
  return { concat: parts };
}

/** Properties of an object as nft declares and lists it. */
export function declarationOf(object: NftObject): Readonly<Record<string, unknown>> {
  const { name } = object;
  switch (object.kind) {
    case 'chain':
      return object.base === undefined ? { name } : { name, ...object.base, policy: 'accept' };
    case 'counter':
      return { name };
    case 'limit':
      return { name, rate: object.rate, per: 'second', burst: object.burst, inv: true };
    case 'set':
      return setDeclaration(object);
    case 'map':
      return { name, type: [object.type, 'inet_proto', 'inet_service'], map: 'verdict' };
  }
}

function setDeclaration({ name, type, use }: Extract<NftObject, { readonly kind: 'set' }>): Readonly<Record<string, unknown>> {
  switch (use) {
    case 'networks':
      return { name, type, flags: ['interval'] };
    case 'clients':
      return { name, type, size: maxClients, flags: ['timeout'], timeout: clientTimeoutSeconds };
    case 'places':
      // An element goes when nothing of it is open.
      return { name, type, size: maxClients };
  }
}

/** Client addresses that have a bucket or a count of their own at a time; further ones are not limited until some have been silent for a minute, or have nothing open. */
export const maxClients = 65_536;
const clientTimeoutSeconds = 60;
