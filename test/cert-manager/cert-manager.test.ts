import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { Secret } from '../../src/api/objects.ts';
import { secretText } from '../../src/translate/read-certificate.ts';
import { AcmeCluster, replicaAddresses, shop } from '../tools/acme/acme-cluster.ts';
import { served } from '../tools/acme/acme-replica.ts';
import { secretOf } from '../tools/acme/asking-objects.ts';
import { CertManager } from '../tools/cert-manager/cert-manager.ts';
import { SolverPods } from '../tools/cert-manager/solver-pods.ts';
import { eventually } from '../tools/eventually.ts';
import { insideNamespace } from '../tools/network-namespace.ts';
import { type AnyObject, create, ingress, patch, read } from '../tools/objects.ts';

const solverAddress = '10.244.0.30';

insideNamespace(import.meta.filename, [...replicaAddresses, solverAddress], () => {
  test('the real cert-manager gets and renews certificates through two replicas', async (t) => {
    const cluster = await AcmeCluster.start(t);
    const { admin, pebble, root } = cluster;
    const replicas = await cluster.replicas();
    const manager = await CertManager.start(t, cluster.plane, pebble.resolver);
    await SolverPods.start(t, admin, shop, solverAddress);
    // What was there is told when a wait is in vain.
    const orElse = (error: Error) => {
      throw new Error(`${error.message}\n${manager.log.slice(-6000)}`);
    };

    for (const [name, solver] of [
      ['field', { ingressClassName: 'smartproxy' }],
      ['classless', {}],
    ] as const) {
      await t.test(
        `a host with redirect, password and allow-list is proved by a solver with ${name === 'field' ? 'our class' : 'no class'}`,
        async () => {
          const host = `${name}.test`;
          await pebble.resolve(host, ...replicaAddresses);
          await create(admin, issuer(cluster, name, solver));
          await create(admin, guarded(host));
          await create(admin, certificate(host, name));
          const seen = await served(replicas, host, root).catch(orElse);
          assert.equal(seen.names, `DNS:${host}`);
          assert.equal((await replicas[0].get(host, '/')).status, 403, 'everybody else is kept out as before');
        },
      );
    }

    await t.test('what it renews is shown by both soon, and its temporary certificate before the first disturbs nobody', async (t) => {
      const shown = await served(replicas, 'field.test', root);
      const object = certificate('field.test', 'field');
      const { conditions = [] } = (await read(admin, object)).status as { readonly conditions?: readonly object[] };
      const issuing = { type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', lastTransitionTime: new Date().toISOString() };
      await patch(admin, object, { status: { conditions: [...conditions, issuing] } }, 'status');
      const of = (found: Secret | undefined) => found && new X509Certificate(secretText(found, 'tls.crt') ?? '').fingerprint256;
      const next = await eventually(
        'the Secret is another',
        async () => {
          const found = of(await cluster.secret(shop, secretOf('field.test')));
          return found !== shown.fingerprint && found;
        },
        60_000,
      ).catch(orElse);
      const sinceMs = performance.now();
      await eventually('both show it', async () => (await served(replicas, 'field.test', root)).fingerprint === next, 10_000);
      t.diagnostic(`a renewed Secret was seen on both replicas ${Math.round(performance.now() - sinceMs)} ms after it was seen in the API`);
    });
  });
});

function issuer({ ca }: AcmeCluster, name: string, ingressSolver: object): AnyObject {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { namespace: shop, name },
    spec: {
      acme: {
        server: `https://localhost:${ca.port}/dir`,
        caBundle: Buffer.from(ca.trusted).toString('base64'),
        privateKeySecretRef: { name: `${name}-account` },
        profile: 'shortlived',
        solvers: [{ http01: { ingress: ingressSolver } }],
      },
    },
  };
}

function certificate(host: string, issuerName: string): AnyObject {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    // Until the first is there, its Secret holds one that nobody trusts.
    metadata: { namespace: shop, name: host, annotations: { 'cert-manager.io/issue-temporary-certificate': 'true' } },
    spec: { secretName: secretOf(host), dnsNames: [host], issuerRef: { name: issuerName, kind: 'Issuer', group: 'cert-manager.io' } },
  };
}

/** TLS, so that plain HTTP is redirected, with annotations that keep everybody out. */
function guarded(host: string): AnyObject {
  const backend = { service: { name: 'nobody', port: { number: 80 } } };
  const rules = [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
  const object = ingress(shop, host, { ingressClassName: 'smartproxy', tls: [{ hosts: [host], secretName: secretOf(host) }], rules });
  const annotations = { 'smartproxy.dev/auth-secret': 'nobody', 'smartproxy.dev/allowlist-source-range': '192.0.2.0/24' };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
