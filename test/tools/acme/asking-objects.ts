import { type AnyObject, ingress } from '../objects.ts';

/** An Ingress that asks an issuer for the certificate of its hosts; its Secret is called after the first, and so is the Ingress. */
export function askingIngress(
  namespace: string,
  hosts: readonly string[],
  issuer: string,
  more: { readonly service?: string } = {},
): AnyObject {
  const name = nameOf(hosts[0] ?? '');
  const backend = { service: { name: more.service ?? 'nobody', port: { number: 80 } } };
  const rules = hosts.map((host) => ({ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }));
  const spec = { ingressClassName: 'smartproxy', tls: [{ hosts, secretName: secretOf(hosts[0] ?? '') }], rules };
  const object = ingress(namespace, name, spec);
  return { ...object, metadata: { ...object.metadata, annotations: { 'smartproxy.dev/acme-issuer': issuer } } };
}

/** A SmartRoute that does the same, and answers with `served` itself. */
export function askingRoute(namespace: string, hosts: readonly string[], issuer: string): AnyObject {
  const certificate = { secretRef: { name: secretOf(hosts[0] ?? '') }, acme: { issuer } };
  const rules = [{ name: 'all', action: { respond: { status: 200, body: 'served' } } }];
  return {
    apiVersion: 'smartproxy.dev/v1alpha1',
    kind: 'SmartRoute',
    metadata: { namespace, name: nameOf(hosts[0] ?? '') },
    spec: { ingressClassName: 'smartproxy', hosts, tls: { mode: 'Terminate', certificate }, http: { rules } },
  };
}

/** The Secret that both put the certificate of a host into. */
export function secretOf(host: string): string {
  return `${nameOf(host)}-tls`;
}

function nameOf(host: string): string {
  return host.replaceAll('.', '-');
}
