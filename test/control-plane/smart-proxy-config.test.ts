import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import type { SmartProxyConfigStatus } from '../../src/api/generated/smart-proxy-config.ts';
import type { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import type { ControlPlane } from '../tools/control-plane.ts';
import { eventually } from '../tools/eventually.ts';
import { freePort } from '../tools/free-port.ts';
import { get } from '../tools/get.ts';
import { inheritedCases, inheritedRules } from '../tools/inherited-cases.ts';
import { account, checkCrd, checkExamples, installCrds, own, startInstalledPlane, testCases } from '../tools/installed-plane.ts';
import { type AnyObject, create, patch, read, remove, service } from '../tools/objects.ts';
import { startRun } from '../tools/running-command.ts';
import { smartProxyConfigCases, smartProxyConfigRules } from '../tools/smart-proxy-config-cases.ts';

let plane: ControlPlane;
let admin: ApiClient;

before(async () => {
  plane = await startInstalledPlane();
  admin = plane.client();
  await installCrds(plane, 'smartroutes', 'smartproxyconfigs');
});

after(async () => {
  admin?.close();
  await plane?.stop();
});

function config(name: string, spec: object): AnyObject {
  return { apiVersion: 'smartproxy.dev/v1alpha1', kind: 'SmartProxyConfig', metadata: { namespace: own, name }, spec };
}

test('the API server takes and refuses what translate does, rule by rule', (t) =>
  testCases(t, plane, smartProxyConfigCases, smartProxyConfigRules, (spec) => config('case', spec)));

test('the API server takes and refuses in defaults what it does in a SmartRoute, rule by rule', (t) =>
  testCases(t, plane, inheritedCases, inheritedRules, (spec) => config('case', spec)));

test('the example is taken by the API server, strictly', () => checkExamples(plane, 'smartproxyconfig'));

test('the shipped CRD is small and structural', () => checkCrd(plane, 'smartproxyconfigs', 'spc'));

test('the program takes the SmartProxyConfig that its class names, live, and says what became of it', async (t) => {
  const [web, later] = [await freePort(), await freePort()];
  const holder = createServer().listen(0, '127.0.0.1');
  t.after(() => holder.close());
  await eventually('a port is taken', () => holder.address() !== null);
  const { port: taken } = holder.address() as { port: number };
  const front = service(own, own, {
    ports: [
      { name: 'http', port: 80, targetPort: 'http' },
      { name: 'web', port: 8000, targetPort: web },
    ],
  });
  const route = {
    apiVersion: 'smartproxy.dev/v1alpha1',
    kind: 'SmartRoute',
    metadata: { namespace: 'default', name: 'shop' },
    spec: {
      ingressClassName: 'smartproxy',
      hosts: ['shop.test'],
      http: { rules: [{ name: 'all', action: { respond: { status: 200, body: 'shop' } } }] },
    },
  };
  const listeners = [
    { name: 'web', port: web, publishedPort: 8000, protocol: 'HTTP' },
    { name: 'taken', port: taken, protocol: 'TCP' },
  ];
  const copies = service(own, 'copies', { ports: [{ name: 'web', port: 80 }] });
  const defaults = { policy: { mirror: { backend: { name: 'copies', port: { name: 'web' } } } } };
  const main = await create(admin, config(own, { listeners, defaults }));
  const stray = await create(admin, config('stray', {}));
  await create(admin, front);
  await create(admin, route);
  t.after(() => Promise.all([main, stray, front, route, copies].map((object) => remove(admin, object))));
  const flags = ['--pod-namespace', own, '--publish-service', `${own}/${own}`, '--no-leader-election', '--drain-delay=off'];
  await startRun(t, ['--kubeconfig', plane.kubeconfig(account.token), ...flags]);

  const statusOf = async (object: AnyObject) => (await read(admin, object)).status as SmartProxyConfigStatus | undefined;
  const texts = (status: Pick<SmartProxyConfigStatus, 'conditions'> | undefined) =>
    status?.conditions?.map((condition) => `${condition.type} ${condition.status} ${condition.reason}`).join();
  await eventually('the listener serves', async () => (await get(web, 'shop.test', '/')).body === 'shop');
  const status = await eventually('the status', async () => {
    const found = await statusOf(main);
    return found?.summary === '1/2' && found;
  });
  const whole = (refs: string) => `Accepted True Accepted,ResolvedRefs ${refs},Published False NotPublished,Programmed False AddressInUse`;
  assert.equal(texts(status), whole('False ServiceNotFound'));
  assert.equal(texts(status.listeners?.[0]), 'Accepted True Accepted,Published True Published,Programmed True Programmed');
  assert.equal(texts(status.listeners?.[1]), 'Accepted True Accepted,Published False NotPublished,Programmed False AddressInUse');
  await eventually('the other one is told', async () => texts(await statusOf(stray))?.startsWith('Accepted False NotReferenced'));
  assert.match(await plane.kubectl('get', 'spc', '-n', own, own), /LISTENERS\s+ACCEPTED\s+PROGRAMMED\s+AGE\n\S+\s+1\/2\s+True\s+False/);

  await create(admin, copies);
  await eventually('the Service is there', async () => texts(await statusOf(main)) === whole('True ResolvedRefs'));

  await patch(admin, main, { spec: { listeners: [{ name: 'later', port: later, protocol: 'HTTP' }] } });
  await eventually('the new listener serves', async () => (await get(later, 'shop.test', '/')).body === 'shop');
  await eventually('the old one is closed', () =>
    get(web, 'shop.test', '/').then(
      () => false,
      () => true,
    ),
  );
});
