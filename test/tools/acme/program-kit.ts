import type { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import { eventually } from '../eventually.ts';
import { freePort } from '../free-port.ts';
import { Pebble } from '../pebble.ts';
import type { RunningCommand } from '../running-command.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const metadata = (name: string, annotations = {}) => ({ name, namespace: 'shop', annotations });

/** Its SmartProxyConfig is `shop/edge`. */
export const ingressClass = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'smartproxy' },
  spec: {
    controller: 'smartproxy.dev/ingress-controller',
    parameters: { apiGroup: 'smartproxy.dev', kind: 'SmartProxyConfig', name: 'edge', namespace: 'shop', scope: 'Namespace' },
  },
};

export function secret(name: string, data: Readonly<Record<string, string>>): object {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)]));
  return { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: metadata(name), data: encoded };
}

export function config(...issuers: readonly object[]): object {
  return acmeConfig({ issuers });
}

/** The SmartProxyConfig with this under `acme`. */
export function acmeConfig(acme: object): object {
  return { apiVersion: 'smartproxy.dev/v1alpha1', kind: 'SmartProxyConfig', metadata: metadata('edge'), spec: { acme } };
}

/** An Ingress with TLS for `host`, without a backend: nobody needs one here. @param issuer none: it names none */
export function ingress(host: string, issuer: string | undefined, annotations = {}): object {
  const name = host.replace('*', 'any').replaceAll('.', '-');
  const backend = { service: { name: 'nobody', port: { number: 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadata(name, { ...(issuer !== undefined && { 'smartproxy.dev/acme-issuer': issuer }), ...annotations }),
    spec: {
      ingressClassName: 'smartproxy',
      tls: [{ hosts: [host], secretName: `${name}-tls` }],
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}

/** A SmartRoute that answers `served` by itself. @param issuer none: it names none */
export function smartRoute(hosts: string | readonly string[], issuer: string | undefined, name = 'route'): object {
  const acme = issuer === undefined ? {} : { acme: { issuer } };
  return {
    apiVersion: 'smartproxy.dev/v1alpha1',
    kind: 'SmartRoute',
    metadata: metadata(name),
    spec: {
      ingressClassName: 'smartproxy',
      hosts: typeof hosts === 'string' ? [hosts] : hosts,
      tls: { mode: 'Terminate', certificate: { secretRef: { name: `${name}-tls` }, ...acme } },
      http: { rules: [{ name: 'all', action: { respond: { status: 200, body: 'served' } } }] },
    },
  };
}

/** The issuer `pebble`, which sees names as that Pebble does; its CA is in `pebble-ca`. */
export function pebbleIssuer({ directory, resolver }: Pebble, more: object = {}): object {
  return { name: 'pebble', directory, caRef: { name: 'pebble-ca' }, resolvers: [resolver], ...more };
}

/** The Secret that `pebbleIssuer` names. */
export function pebbleCa({ trusted }: Pebble): object {
  return secret('pebble-ca', { 'ca.crt': trusted });
}

/** Writes all objects of a folder. */
export async function written(folder: string, ...objects: readonly object[]): Promise<void> {
  await writeFile(join(folder, 'all.yaml'), objects.map((object) => JSON.stringify(object)).join('\n---\n'));
}

/** A Pebble that looks at a free port over HTTP unless told otherwise. */
export async function startPebble(t: TestContext, options: Partial<Parameters<typeof Pebble.start>[0]> = {}) {
  const httpPort = await freePort();
  const pebble = await Pebble.start({ httpPort, ...options });
  t.after(() => pebble.stop());
  return { pebble, httpPort };
}

/** The certificates that a host shows, leaf first. */
export function shown(port: number, host: string): Promise<readonly X509Certificate[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false }, () => {
      const chain: X509Certificate[] = [];
      for (let one = socket.getPeerX509Certificate(); one !== undefined; one = one.issuerCertificate) chain.push(one);
      socket.destroy();
      resolve(chain);
    });
    socket.once('error', reject);
  });
}

/** Resolves when a host shows a certificate of Pebble. */
export function issued(command: RunningCommand, port: number, host: string): Promise<readonly X509Certificate[]> {
  return eventually(
    `a certificate of the CA for ${host}`,
    async () => {
      const chain = await shown(port, host);
      return chain[0]?.issuer.includes('Pebble') === true && chain;
    },
    60_000,
  ).catch((error) => {
    throw new Error(`${error.message}\n${command.log.map((line) => JSON.stringify(line)).join('\n')}`);
  });
}
