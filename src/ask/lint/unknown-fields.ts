import type { Ingress } from '../../api/objects.ts';
import type { Schema } from '../../api/schema.ts';
import { checkSchema } from '../../api/schema-check.ts';
import { messageFor } from '../../translate/problem-list.ts';
import type { Problem } from '../../translate/translation.ts';

const text: Schema = { type: 'string' };
const backend: Schema = {
  type: 'object',
  properties: {
    service: {
      type: 'object',
      properties: { name: text, port: { type: 'object', properties: { name: text, number: { type: 'integer' } } } },
    },
    resource: { type: 'object', properties: { apiGroup: text, kind: text, name: text } },
  },
};
const path: Schema = { type: 'object', properties: { path: text, pathType: text, backend } };
const rule: Schema = {
  type: 'object',
  properties: { host: text, http: { type: 'object', properties: { paths: { type: 'array', items: path } } } },
};

/** The fields of an Ingress's spec (networking.k8s.io/v1). What their values may be, translate says. */
const ingressSpec: Schema = {
  type: 'object',
  properties: {
    ingressClassName: text,
    defaultBackend: backend,
    tls: { type: 'array', items: { type: 'object', properties: { hosts: { type: 'array', items: text }, secretName: text } } },
    rules: { type: 'array', items: rule },
  },
};

/**
 * Fields of Ingresses that do not exist. An API server drops them before the controller sees the object, so only a folder can tell of them.
 * Those of our own kinds translate tells of.
 */
export function unknownIngressFields(ingresses: Iterable<Ingress>): readonly Problem[] {
  return [...ingresses].flatMap((ingress) => {
    const { name, namespace = 'default', uid = '' } = ingress.metadata;
    const object = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace, name, uid };
    return checkSchema(ingressSpec, ingress.spec, 'spec').unknown.map(({ field, sentence }): Problem => {
      return { object, reason: 'UnknownField', field, message: messageFor(object, field, sentence) };
    });
  });
}
