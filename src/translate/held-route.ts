import type { SmartRouteSpec } from '../api/generated/smart-route.ts';
import { smartRouteSchema } from '../api/generated/smart-route-schema.ts';
import { checkSchema } from '../api/schema-check.ts';
import { schemaAt } from './schema-at.ts';
import { type Fields, fieldsOf, isFields, itemsOf } from './unknown-input.ts';

const hostSchema = schemaAt(smartRouteSchema, 'hosts');

/** Rules of which nobody can say what they match: one that matches everything. */
const everything = { rules: [{ name: 'invalid', action: { block: {} } }] };

/**
 * What a spec that breaks the schema may have claimed, so that it can be kept from others while nobody is served by it: its hosts with what its
 * rules match, or its listeners. Parts that can't be read are left out, so that more is covered. undefined: nothing can be said.
 * @param http its rules, each as one that the schema allows; undefined: it has none
 */
export function heldRoute(given: unknown, http: unknown): SmartRouteSpec | undefined {
  const spec = fieldsOf(given);
  const hosts = meantHosts(spec.hosts);
  // Without a host it would be for all of them, and there has to be something that says so.
  if (hosts?.length === 0 || (hosts === undefined && http === undefined)) return heldListeners(spec);
  const readable = readableParts(spec);
  const { tls, tcp, clientCIDRs, listeners, priority, ingressClassName } = readable;
  const whose = { ingressClassName, priority, ...(hosts && { hosts }) };
  const rules = http ?? everything;
  const isPassedThrough = fieldsOf(tls).mode === 'Passthrough';
  const candidates = [
    // Connections in TLS end with the certificate that they know.
    ...(http === undefined && tcp !== undefined && !isPassedThrough ? [{ ...whose, listeners, tls, tcp }] : []),
    { ...whose, listeners, clientCIDRs, tls: isPassedThrough ? undefined : tls, http: rules },
    { ...whose, listeners, clientCIDRs, http: rules },
    { ...whose, listeners, clientCIDRs, http: everything },
  ];
  return candidates.map(withoutUnset).find((candidate) => isAllowed({ ...candidate, ...(hosts && { hosts: hosts.slice(0, 1) }) })) as
    | SmartRouteSpec
    | undefined;
}

/** Connections or datagrams by listener: nothing else may take those. */
function heldListeners(spec: Fields): SmartRouteSpec | undefined {
  const { listeners, clientCIDRs, priority, ingressClassName, tcp, udp } = readableParts(spec);
  const nobody = { backends: [{ name: 'invalid', port: { number: 1 } }] };
  const whose = { ingressClassName, priority, listeners };
  const by = isFields(spec.tcp) ? { tcp: tcp ?? nobody } : isFields(spec.udp) ? { udp: udp ?? nobody } : {};
  const candidates = [
    { ...whose, clientCIDRs, ...by },
    { ...whose, ...by },
  ];
  return candidates.map(withoutUnset).find(isAllowed) as SmartRouteSpec | undefined;
}

/** Host names as they may have been meant; undefined: there are none. */
function meantHosts(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return undefined;
  const names = (typeof value === 'string' ? [value] : itemsOf(value)).map((name) =>
    typeof name === 'string' ? name.trim().toLowerCase().replace(/\.$/, '') : name,
  );
  return [...new Set(names)].filter((name) => checkSchema(hostSchema, name, '').invalid.length === 0) as string[];
}

/** The fields of the spec that are valid by themselves. */
function readableParts(spec: Fields): Fields {
  const { properties = {} } = smartRouteSchema;
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name, schema]) => spec[name] !== undefined && checkSchema(schema, spec[name], '').invalid.length === 0)
      .map(([name]) => [name, spec[name]]),
  );
}

function withoutUnset(candidate: Fields): Fields {
  return Object.fromEntries(Object.entries(candidate).filter(([, value]) => value !== undefined));
}

function isAllowed(candidate: Fields): boolean {
  return checkSchema(smartRouteSchema, candidate, '').invalid.length === 0;
}
