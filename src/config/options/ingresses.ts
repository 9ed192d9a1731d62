import type { OptionsOf } from '../option-spec.ts';
import { namespacedName, objectName, onOff, optional, servicePort, text } from '../value-types.ts';

/** Which Ingresses are ours, and what serves those that say nothing. */
export const ingressesOptions: OptionsOf<
  'ingressClass' | 'controllerClass' | 'watchIngressWithoutClass' | 'defaultBackend' | 'defaultCertificate'
> = {
  ingressClass: {
    flag: 'ingress-class',
    group: 'Ingresses',
    value: objectName,
    default: () => 'smartproxy',
    doc: 'Name of the IngressClass to serve, also in the legacy annotation kubernetes.io/ingress.class.',
  },
  controllerClass: {
    flag: 'controller-class',
    group: 'Ingresses',
    value: text('NAME', 'a controller name such as example.com/ingress', /^[a-z0-9.-]+(\/[A-Za-z0-9._-]+)*$/),
    default: () => 'smartproxy.dev/ingress-controller',
    doc: 'spec.controller of the IngressClass objects that are ours.',
  },
  watchIngressWithoutClass: {
    flag: 'watch-ingress-without-class',
    group: 'Ingresses',
    value: onOff,
    default: () => false,
    doc: 'Serve Ingresses that name no class.',
  },
  defaultBackend: {
    flag: 'default-backend',
    group: 'Ingresses',
    value: optional(servicePort, 'none'),
    default: () => undefined,
    doc: 'Service for requests that no Ingress matches; without it they are answered 404.',
  },
  defaultCertificate: {
    flag: 'default-certificate',
    group: 'Ingresses',
    value: optional(namespacedName, 'none'),
    default: () => undefined,
    doc: 'Secret with the certificate for TLS hosts that have no usable one of their own.',
  },
};
