import { annotationPrefix, ingressAnnotations } from '../api/annotations.ts';
import type { RouteSource } from '../routes/route.ts';
import { pathKey } from './host-claim.ts';
import { type IngressReading, pathsInOrder } from './ingress-reading.ts';
import type { ObjectView } from './object-view.ts';
import { readIngress } from './read-ingress.ts';
import { readSmartRoute } from './read-smart-route.ts';
import type { SmartRouteReading } from './smart-route-reading.ts';

/**
 * The fields that routes come of. The table does not have them, for nothing that is served needs them: who asks has the object read again, each
 * once.
 */
export class RuleFields {
  readonly #objects: ObjectView;
  readonly #known = new Map<string, ReadonlyMap<string, string>>();

  constructor(objects: ObjectView) {
    this.#objects = objects;
  }

  /**
   * `spec.rules[0].http.paths[1]` of an Ingress, `spec.http.rules[2]` of a SmartRoute, or the annotation that decides; '': nothing smaller than the
   * object is known. @param key of the route in the table
   */
  of({ kind, namespace, name }: RouteSource, key: string): string {
    const object = `${kind} ${namespace}/${name}`;
    let fields = this.#known.get(object);
    if (fields === undefined) this.#known.set(object, (fields = this.#read(kind, `${namespace}/${name}`)));
    const id = key.slice(object.length + 1);
    const withoutHost = id.slice(id.indexOf(' ') + 1);
    const field = kind === 'Ingress' ? fields.get(id) : undefined;
    return field ?? fields.get(withoutHost) ?? fields.get('') ?? '';
  }

  #read(kind: string, key: string): ReadonlyMap<string, string> {
    if (kind === 'Ingress') {
      const ingress = this.#objects.of('Ingress').get(key);
      if (ingress !== undefined) return fieldsOfIngress(readIngress(key, ingress));
    }
    if (kind === 'SmartRoute') {
      const route = this.#objects.of('SmartRoute').get(key);
      if (route !== undefined) return fieldsOfSmartRoute(readSmartRoute(key, route));
    }
    return new Map();
  }
}

/** By what is left of a route's key beside the object: host and path; by what is left without the host, what is for all of them. */
function fieldsOfIngress({ rules, defaultBackend }: IngressReading): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  if (defaultBackend !== undefined) fields.set('prefix /', 'spec.defaultBackend');
  fields.set('passthrough', `metadata.annotations[${annotationPrefix}${ingressAnnotations.tlsPassthrough.name}]`);
  for (const [host, ofHost] of Map.groupBy(rules, (rule) => rule.host)) {
    for (const { match, field } of pathsInOrder(ofHost)) {
      const id = `${host} ${pathKey(match)}`;
      if (!fields.has(id)) fields.set(id, field);
    }
  }
  return fields;
}

/** By name and match of the rule, whatever the host; '': of connections. A rule with one match is meant as a whole, and so is one that is broken. */
function fieldsOfSmartRoute({ spec, rules }: SmartRouteReading): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  if (spec?.tcp !== undefined) fields.set('', 'spec.tcp');
  else if (spec?.udp !== undefined) fields.set('', 'spec.udp');
  for (const rule of rules) {
    const isWhole = rule.matches.length === 1 || rule.broken !== undefined;
    for (const [index, { field }] of rule.matches.entries())
      fields.set(index === 0 ? rule.name : `${rule.name} ${index}`, isWhole ? rule.field : field);
  }
  return fields;
}
