import { isIPv4 } from 'node:net';
import type { ConnectionRate } from '../../routes/route.ts';
import { disjointNetworks, type Network } from './disjoint-networks.ts';
import type { KernelClients, KernelEndpoint, KernelPlaces, KernelRoute } from './kernel-route.ts';
import {
  type BaseChain,
  concatenated,
  conntrack,
  drop,
  type Expression,
  layer4Protocol,
  matches,
  type NftElements,
  type NftObject,
  type NftRule,
  payload,
  type Ruleset,
  type Statement,
} from './nft-json.ts';

/** What differs between the two families of addresses. */
const families = [
  { name: 'ipv4', protocol: 'ip', type: 'ipv4_addr', isOurs: isIPv4 },
  { name: 'ipv6', protocol: 'ip6', type: 'ipv6_addr', isOurs: (address: string) => !isIPv4(address) },
] as const;
type Family = (typeof families)[number];

/** Places of a packet's way where we look: before NAT decides, where it does, and where answers leave with the address that clients know. */
const baseChains = [
  { name: 'guard-arriving', base: { type: 'filter', hook: 'prerouting', prio: -150 }, map: 'guard' },
  { name: 'guard-local', base: { type: 'filter', hook: 'output', prio: -150 }, map: 'guard' },
  { name: 'forward-arriving', base: { type: 'nat', hook: 'prerouting', prio: -100 }, map: 'forward' },
  { name: 'forward-local', base: { type: 'nat', hook: 'output', prio: -100 }, map: 'forward' },
  { name: 'answers', base: { type: 'filter', hook: 'postrouting', prio: 200 }, map: 'answer' },
] as const satisfies readonly { readonly name: string; readonly base: BaseChain; readonly map: RouteStep }[];

/** The connections of routes that do not preserve the source leave with our address. */
const sourceChain: NftObject = { kind: 'chain', name: 'source', base: { type: 'nat', hook: 'postrouting', prio: 100 } };

/** What a route has a chain for: who may come in, where it goes, and counting answers. */
const routeSteps = ['guard', 'forward', 'answer'] as const;
type RouteStep = (typeof routeSteps)[number];

/** Counters of a route: what its connections moved each way, and what became of attempts: `crowded` when too many are open, in all or of the client. */
export const kernelCounters = ['received', 'sent', 'connections', 'refused', 'limited', 'crowded', 'clientCrowded'] as const;
export type KernelCounter = (typeof kernelCounters)[number];

/** The name of a counter, chain or set of a route. */
export function ownName(what: RouteStep | KernelCounter | string, routeId: string): string {
  return `${what}/${routeId}`;
}

/**
 * The ruleset that forwards `routes`. A packet of a client is looked up once by address, protocol and port, in a map to the chain of its
 * route: what other traffic of the machine pays is that look-up. Where routes of a listener are for certain clients, the map leads to a chain
 * in which each of them has a rule. Rules that only the first packet of a connection meets may be more.
 */
export function buildRuleset(routes: readonly KernelRoute[]): Ruleset {
  const parts = routes.map(partsOfRoute);
  return {
    objects: [
      ...baseChains.map(({ name, base }): NftObject => ({ kind: 'chain', name, base })),
      sourceChain,
      ...routeSteps.flatMap((step) => families.map(({ name, type }): NftObject => ({ kind: 'map', name: mapName(step, name), type }))),
      ...uniqueByName(parts.flatMap(({ objects }) => objects)),
    ],
    elements: [
      ...routeSteps.flatMap((step) => families.flatMap((family) => mapElements(step, family, routes))),
      ...parts.flatMap(({ elements }) => elements),
    ],
    rules: [
      ...baseChains.flatMap(({ name, map }) => families.map((family) => lookUp(name, map, family))),
      ...parts.flatMap(({ rules }) => rules),
    ],
  };
}

/** Routes of one object share what counts for it, and those of one listener the chains where they part. */
function uniqueByName(objects: readonly NftObject[]): readonly NftObject[] {
  return [...new Map(objects.map((object) => [`${object.kind} ${object.name}`, object])).values()];
}

function mapName(step: RouteStep, family: Family['name']): string {
  return `${step}-${family}`;
}

function lookUp(chain: string, step: RouteStep, { name, protocol }: Family): NftRule {
  const isAnswer = step === 'answer';
  const key = concatenated(payload(protocol, isAnswer ? 'saddr' : 'daddr'), layer4Protocol, payload('th', isAnswer ? 'sport' : 'dport'));
  const direction = matches(conntrack('direction'), isAnswer ? 'reply' : 'original');
  return { chain, statements: [direction, { vmap: { key, data: `@${mapName(step, name)}` } }] };
}

function mapElements(step: RouteStep, family: Family, routes: readonly KernelRoute[]): readonly NftElements[] {
  const elements = new Map<string, unknown>();
  for (const { id, addresses, protocol, port, from } of routes) {
    const target = from === undefined ? ownName(step, id) : partingName(step, from, protocol);
    for (const address of addresses.filter(family.isOurs))
      elements.set(`${address} ${protocol} ${port}`, [concatenated(address, protocol, port), { jump: { target } }]);
  }
  return elements.size === 0 ? [] : [{ of: mapName(step, family.name), elements: [...elements.values()] }];
}

function partsOfRoute(route: KernelRoute): Ruleset {
  const { id } = route;
  const guard = guardOf(route);
  const parting = partingOf(route);
  return {
    objects: [
      ...parting.objects,
      ...routeSteps.map((step): NftObject => ({ kind: 'chain', name: ownName(step, id) })),
      ...kernelCounters.map((counter): NftObject => ({ kind: 'counter', name: ownName(counter, id) })),
      ...guard.objects,
    ],
    elements: [...parting.elements, ...guard.elements],
    rules: [
      ...parting.rules,
      ...guard.rules,
      ...families.flatMap((family) => [...forwardRules(route, family), ...sourceRules(route, family)]),
      { chain: ownName('answer', id), statements: [count('sent', id)] },
    ],
  };
}

/** The chain where the routes of a listener part. */
function partingName(step: RouteStep, { listener }: KernelClients, protocol: KernelRoute['protocol']): string {
  return ownName(step, `${listener}/${protocol}`);
}

/** From where routes part to this one, for its clients; those of no route of the kernel go on to the workers. */
function partingOf({ id, protocol, from }: KernelRoute): Ruleset {
  if (from === undefined) return { objects: [], elements: [], rules: [] };
  const clients = clientSetsOf(id, from);
  const rules = routeSteps.flatMap((step) =>
    families.flatMap((family) => {
      const isClient = clients.matching(family, step === 'answer' ? 'daddr' : 'saddr');
      const chain = partingName(step, from, protocol);
      return isClient === undefined ? [] : [{ chain, statements: [...isClient, { goto: { target: ownName(step, id) } }] }];
    }),
  );
  const chains = routeSteps.map((step): NftObject => ({ kind: 'chain', name: partingName(step, from, protocol) }));
  return { objects: [...chains, ...clients.objects], elements: clients.elements, rules };
}

/** The clients of a route as sets: of networks that it is for, and of those of them that others are for. */
function clientSetsOf(
  id: string,
  { networks, except }: KernelClients,
): Pick<Ruleset, 'objects' | 'elements'> & {
  /** undefined: it has no clients of the family. */
  readonly matching: (family: Family, field: 'saddr' | 'daddr') => readonly Statement[] | undefined;
} {
  const own = networks && disjointNetworks(networks);
  const others = disjointNetworks(except);
  const sets = families.flatMap(({ name, type }) =>
    [
      { name: ownName(`from-${name}`, id), type, networks: own?.[name] ?? [] },
      { name: ownName(`except-${name}`, id), type, networks: others[name] },
    ].filter((set) => set.networks.length > 0),
  );
  return {
    objects: sets.map(({ name, type }) => ({ kind: 'set', name, type, use: 'networks' })),
    elements: sets.map(({ name, networks: all }) => ({ of: name, elements: all.map(elementOf) })),
    matching: (family, field) => {
      if (own?.[family.name].length === 0) return undefined;
      const address = payload(family.protocol, field);
      return [
        matches({ meta: { key: 'nfproto' } }, family.name),
        ...(own === undefined ? [] : [matches(address, `@${ownName(`from-${family.name}`, id)}`)]),
        ...(others[family.name].length === 0 ? [] : [matches(address, `@${ownName(`except-${family.name}`, id)}`, '!=')]),
      ];
    },
  };
}

/** Every packet of a client passes here, so that a list that changes ends what it no longer lets in. */
function guardOf({ id, protocol, clients, rate, places }: KernelRoute): Ruleset {
  const chain = ownName('guard', id);
  const objects: NftObject[] = [];
  const elements: NftElements[] = [];
  const rules: NftRule[] = [];
  const refuse = (...when: readonly Statement[]) => rules.push({ chain, statements: [...when, count('refused', id), drop] });
  const add = (what: string, { name, type }: Family, networks: readonly Network[]): string => {
    const set = ownName(`${what}-${name}`, id);
    objects.push({ kind: 'set', name: set, type, use: 'networks' });
    elements.push({ of: set, elements: networks.map(elementOf) });
    return set;
  };
  clients.forEach((access, index) => {
    const deny = disjointNetworks(access.deny);
    const allow = disjointNetworks(access.allow);
    for (const family of families) {
      const source = payload(family.protocol, 'saddr');
      const denied = deny[family.name];
      if (denied.length > 0) refuse(matches(source, `@${add(`deny-${index}`, family, denied)}`));
      const allowed = allow[family.name];
      if (allowed.length > 0) refuse(matches(source, `@${add(`allow-${index}`, family, allowed)}`, '!='));
      else if (access.allow.length > 0) refuse(matches({ meta: { key: 'nfproto' } }, family.name));
    }
  });
  if (rate !== undefined) {
    const limit = limitOf(id, rate);
    objects.push(...limit.objects);
    for (const over of limit.over) rules.push({ chain, statements: [isNew, over, count('limited', id), drop] });
  }
  const open = placesOf(places, protocol);
  objects.push(...open.objects);
  for (const { counter, over } of open.over) rules.push({ chain, statements: [isNew, over, count(counter, id), drop] });
  rules.push({ chain, statements: [count('received', id)] });
  return { objects, elements, rules };
}

const isNew = matches(conntrack('state'), 'new', 'in');

/** The rate is in the name: another rate is another bucket, while the same keeps what is left in it. */
function limitOf(
  id: string,
  { perSecond, burst, per }: ConnectionRate,
): { readonly objects: readonly NftObject[]; readonly over: readonly Statement[] } {
  const named = `${perSecond}-${burst}`;
  if (per === 'route') {
    const name = ownName(`rate-${named}`, id);
    return { objects: [{ kind: 'limit', name, rate: perSecond, burst }], over: [{ limit: name }] };
  }
  const stmt = [{ limit: { rate: perSecond, burst, per: 'second', inv: true } }];
  const sets = families.map(({ name, protocol, type }) => ({ name: ownName(`clients-${name}-${named}`, id), protocol, type }));
  return {
    objects: sets.map(({ name, type }) => ({ kind: 'set', name, type, use: 'clients' })),
    over: sets.map(({ name, protocol }) => ({ set: { op: 'update', elem: client(protocol), set: `@${name}`, stmt } })),
  };
}

/**
 * What is open is counted by the kernel's own tracking, in sets whose elements have a count each: of each client, and of the one protocol
 * that all packets of the object have. They have the object's name, so that its listeners count together, and the number in it: with another
 * number the count begins anew.
 */
function placesOf(
  { object, inAll, perClient }: KernelPlaces,
  protocol: KernelRoute['protocol'],
): {
  readonly objects: readonly NftObject[];
  readonly over: readonly { readonly counter: KernelCounter; readonly over: Statement }[];
} {
  const more = (most: number): readonly object[] => [{ 'ct count': { val: most, inv: true } }];
  const ofClients = families.map(({ name, protocol: family, type }) => {
    const set = ownName(`clients-open-${protocol}-${name}-${perClient}`, object);
    return { type, set, over: { set: { op: 'add', elem: client(family), set: `@${set}`, stmt: more(perClient) } } };
  });
  const set = ownName(`clients-open-${protocol}-${inAll}`, object);
  const ofAll = { type: 'inet_proto' as const, set, over: { set: { op: 'add', elem: layer4Protocol, set: `@${set}`, stmt: more(inAll) } } };
  const counted = [
    ...(perClient === 0 ? [] : ofClients.map((part) => ({ ...part, counter: 'clientCrowded' as const }))),
    ...(inAll === 0 ? [] : [{ ...ofAll, counter: 'crowded' as const }]),
  ];
  return {
    objects: counted.map(({ type, set: name }) => ({ kind: 'set', name, type, use: 'places' })),
    over: counted.map(({ counter, over }) => ({ counter, over })),
  };
}

/** Who has one IPv6 address has 2^64 of them. */
function client(protocol: Family['protocol']): Expression {
  const address = payload(protocol, 'saddr');
  return protocol === 'ip' ? address : { '&': [address, 'ffff:ffff:ffff:ffff::'] };
}

/** Without an endpoint of the family connections come to the workers, which end them. */
function forwardRules({ id, protocol, spread, endpoints }: KernelRoute, family: Family): readonly NftRule[] {
  const own = endpoints.filter(({ address }) => family.isOurs(address));
  const statements = [
    matches({ meta: { key: 'nfproto' } }, family.name),
    matches(layer4Protocol, protocol),
    count('connections', id),
    { dnat: { family: family.protocol, addr: destination(own, spread, family) } },
  ];
  return own.length === 0 ? [] : [{ chain: ownName('forward', id), statements }];
}

function destination(endpoints: readonly KernelEndpoint[], spread: KernelRoute['spread'], { protocol }: Family): Expression {
  let next = 0;
  const data = endpoints.map(({ address, port, slots }) => {
    const first = next;
    next += slots;
    return [slots === 1 ? first : { range: [first, next - 1] }, concatenated(address, port)];
  });
  const key =
    spread === 'client'
      ? { jhash: { mod: next, expr: payload(protocol, 'saddr') } }
      : { numgen: { mode: spread === 'random' ? 'random' : 'inc', mod: next, offset: 0 } };
  return { map: { key, data: { set: data } } };
}

function sourceRules({ id, protocol, addresses, port, from, preserveSource }: KernelRoute, family: Family): readonly NftRule[] {
  const own = addresses.filter(family.isOurs);
  // The source is as the client has it until here.
  const isClient = from === undefined ? [] : clientSetsOf(id, from).matching(family, 'saddr');
  if (preserveSource || own.length === 0 || isClient === undefined) return [];
  const statements = [
    matches(conntrack('status'), 'dnat', 'in'),
    matches(layer4Protocol, protocol),
    matches(conntrack('proto-dst', 'original'), port),
    matches(conntrack(`${family.protocol} daddr`, 'original'), { set: own }),
    ...isClient,
    { masquerade: null },
  ];
  return [{ chain: sourceChain.name, statements }];
}

function count(counter: KernelCounter, id: string): Statement {
  return { counter: ownName(counter, id) };
}

function elementOf({ address, length }: Network): unknown {
  return length === (isIPv4(address) ? 32 : 128) ? address : { prefix: { addr: address, len: length } };
}
