import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { AcmeCluster, own, replicaAddresses, shop } from '../../tools/acme/acme-cluster.ts';
import { secretOf } from '../../tools/acme/asking-objects.ts';
import { eventually } from '../../tools/eventually.ts';
import { insideNamespace } from '../../tools/network-namespace.ts';
import { type AnyObject, create, endpointSlice, ingress, patch, secret, service } from '../../tools/objects.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const solverAddress = '10.244.0.30';
const solverPort = 8089;
const host = 'guarded.test';

insideNamespace(import.meta.filename, [...replicaAddresses, solverAddress], () => {
  test('beside cert-manager, with objects exactly as it makes them', async (t) => {
    const cluster = await AcmeCluster.start(t);
    const { admin } = cluster;
    const replica = await cluster.replica(replicaAddresses[0]);
    await startSolver(t);
    await create(admin, service(shop, 'cm-acme-http-solver', { ports: [{ name: 'http', port: solverPort, targetPort: solverPort }] }));
    const slice = endpointSlice(shop, 'cm-acme-http-solver', [solverAddress], solverPort);
    await create(admin, { ...slice, ports: [{ name: 'http', port: solverPort, protocol: 'TCP' }] });
    await create(admin, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'nginx' },
      spec: { controller: 'k8s.io/ingress-nginx' },
    });
    // Nobody gets at anything of this host, and all that the installation sets by default keeps everybody out too.
    await patch(admin, configOf(), {
      spec: { defaults: { policy: { clients: { allow: ['192.0.2.0/24'] }, maintenance: { enabled: true } } } },
    });
    await create(admin, guardedIngress());
    const answer = async (token: string) => {
      const { status, body } = await replica.get(host, `/.well-known/acme-challenge/${token}`);
      return status === 200 ? body : String(status);
    };
    await eventually('the host is closed', async () => ['403', '503'].includes(String((await replica.get(host, '/')).status)));

    await t.test(
      'the Ingress of its solver is served whatever guards the host, with our class as a field, as an annotation, and without one',
      async () => {
        await create(admin, solverIngress('field', { ingressClassName: 'smartproxy' }));
        await create(admin, solverIngress('annotated', {}, { 'kubernetes.io/ingress.class': 'smartproxy' }));
        await create(admin, solverIngress('classless', {}));
        for (const token of ['field', 'annotated', 'classless'])
          await eventually(token, async () => (await answer(token)) === `key of ${token}`);
        const { status } = await replica.get(host, '/');
        assert.ok(status === 403 || status === 503, 'everything else is as closed as before');
      },
    );

    await t.test('that of another controller is not, by either', async () => {
      await create(admin, solverIngress('foreign', { ingressClassName: 'nginx' }));
      await create(admin, solverIngress('foreign-annotated', {}, { 'kubernetes.io/ingress.class': 'nginx' }));
      // One of ours that comes after them is there: they had their turn.
      await create(admin, solverIngress('after', { ingressClassName: 'smartproxy' }));
      await eventually('the one after', async () => (await answer('after')) === 'key of after');
      for (const token of ['foreign', 'foreign-annotated']) assert.notEqual(await answer(token), `key of ${token}`);
    });

    await t.test('a placeholder Secret breaks nothing, and what takes its place is served soon', async (t) => {
      const other = await makeTestCertificate('other.test');
      await create(admin, secret(shop, secretOf('other.test'), { 'tls.crt': other.cert, 'tls.key': other.key }, 'kubernetes.io/tls'));
      await create(admin, tlsIngress('other.test'));
      await eventually('the other host', () => replica.certificate('other.test', other.cert));
      const placeholder = secret(shop, secretOf(host), { 'tls.crt': '', 'tls.key': '' }, 'kubernetes.io/tls');
      await create(admin, placeholder);
      await create(admin, solverIngress('beside', { ingressClassName: 'smartproxy' }));
      await eventually('a solver beside it', async () => (await answer('beside')) === 'key of beside');
      assert.ok(await replica.certificate('other.test', other.cert));

      let shown = '';
      const took: number[] = [];
      for (let count = 0; count < 3; count++) {
        const { cert, key } = await makeTestCertificate(host);
        const sinceMs = performance.now();
        await patch(admin, placeholder, { stringData: { 'tls.crt': cert, 'tls.key': key } });
        const seen = await eventually('the new certificate', () => replica.certificate(host, cert), 10_000);
        took.push(Math.round(performance.now() - sinceMs));
        assert.notEqual(seen.fingerprint, shown);
        shown = seen.fingerprint;
      }
      t.diagnostic(`a rotated Secret was served after ${took.join(', ')} ms`);
    });
  });
});

/** As its solver answers, but for every token. */
async function startSolver(t: TestContext): Promise<void> {
  const server = createServer(({ url = '' }, response) => response.end(`key of ${url.slice(url.lastIndexOf('/') + 1)}`));
  await new Promise<void>((resolve) => server.listen(solverPort, solverAddress, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
}

/** cert-manager 1.21, `pkg/issuer/acme/http/ingress.go`. */
function solverIngress(token: string, className: object, annotations: Readonly<Record<string, string>> = {}): AnyObject {
  const backend = { service: { name: 'cm-acme-http-solver', port: { number: solverPort } } };
  const paths = [{ path: `/.well-known/acme-challenge/${token}`, pathType: 'Exact', backend }];
  const object = ingress(shop, `cm-acme-http-solver-${token}`, { ...className, rules: [{ host, http: { paths } }] });
  const labels = {
    'acme.cert-manager.io/http-domain': '1',
    'acme.cert-manager.io/http-token': '2',
    'acme.cert-manager.io/http01-solver': 'true',
  };
  const metadata = {
    ...object.metadata,
    labels,
    annotations: { 'nginx.ingress.kubernetes.io/whitelist-source-range': '0.0.0.0/0,::/0', ...annotations },
  };
  return { ...object, metadata };
}

/** TLS, so that plain HTTP is redirected, with the annotations that keep people out. */
function guardedIngress(): AnyObject {
  const object = tlsIngress(host);
  const annotations = { 'smartproxy.dev/auth-secret': 'nobody', 'smartproxy.dev/allowlist-source-range': '192.0.2.0/24' };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function tlsIngress(of: string): AnyObject {
  const backend = { service: { name: 'nobody', port: { number: 80 } } };
  const rules = [{ host: of, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
  return ingress(shop, of.replaceAll('.', '-'), {
    ingressClassName: 'smartproxy',
    tls: [{ hosts: [of], secretName: secretOf(of) }],
    rules,
  });
}

function configOf(): AnyObject {
  return { apiVersion: 'smartproxy.dev/v1alpha1', kind: 'SmartProxyConfig', metadata: { namespace: own, name: own } };
}
