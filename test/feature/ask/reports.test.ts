import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BackendReport } from '../../../src/ask/reports/backend-report.ts';
import type { RouteReport } from '../../../src/ask/reports/route-report.ts';
import type { StatusReport } from '../../../src/ask/reports/status-report.ts';
import type { ConnectionSummary, EndingSummary } from '../../../src/workers/protocol.ts';
import { adminChange, adminTokenFile } from '../../tools/admin-change.ts';
import { eventually } from '../../tools/eventually.ts';
import { type Answer, get } from '../../tools/get.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';

/** A keep-alive connection that has been answered. */
async function browser(t: TestContext, http: number): Promise<Socket> {
  const socket = connect(http, '127.0.0.1');
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  socket.write('GET /x?token=secret HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

test('a running program reports on itself', async (t) => {
  await using backend = await NamedBackend.start('a');
  const folder = await temporaryFolder(t);
  const rules = { 'shop.localhost': [['/', 'Prefix', 'web'] as const, ['/gone', 'Prefix', 'gone'] as const] };
  await writeFile(join(folder, 'all.yaml'), ingressClass + service('web', backend.port) + ingress('shop', { rules }));
  const command = await startRun(t, ['--manifests', folder, '--admin-token-file', await adminTokenFile(t)], 2);
  const [http, admin] = [await command.port('http'), await command.port('admin')];
  await command.until(() => command.log.filter(({ msg }) => msg === 'worker serves').length === 2);
  const answer = (path: string): Promise<Answer> => get(admin, 'localhost', `/debug/${path}`);
  const page = async <T>(path: string): Promise<T> => JSON.parse((await answer(path)).body) as T;
  const socket = await browser(t, http);
  const { localPort } = socket;

  await t.test('status: what it is, what it serves and how it fares', async () => {
    const status = await eventually('workers have told how they fare', async () => {
      const found = await page<StatusReport>('status');
      return found.workers.every(({ rssBytes }) => rssBytes !== undefined) && found;
    });
    assert.deepEqual([status.ready, status.troubles, status.source], [true, [], { kind: 'manifests', folder }]);
    assert.deepEqual(
      [...status.workers].map(({ state }) => state),
      ['serving', 'serving'],
    );
    assert.equal(status.admin.canChange, true);
    const { routes, hosts, endpoints } = status.table;
    assert.deepEqual([routes, hosts, endpoints], [2, 1, 1]);
    assert.deepEqual(status.problems, { errors: 1, warnings: 0 });
    assert.deepEqual([status.totals.requests, status.totals.byStatusClass['2xx'], status.totals.connectionsActive], [1, 1, 1]);
    assert.equal(
      status.workers.reduce((sum, { connections }) => sum + connections, 0),
      1,
    );
    assert.ok(status.listeners.some(({ listener, address }) => listener === 'http' && address === `127.0.0.1:${http}`));
    assert.match(status.startedAt, /^20\d\d-/);
  });

  await t.test('routes: by object, with what was counted', async () => {
    const { total, routes } = await page<RouteReport>('route-report?search=shop');
    assert.equal(total, 1);
    const [shop] = routes;
    assert.match(shop?.location ?? '', /^all\.yaml:\d+$/);
    assert.deepEqual([shop?.totals.requests, shop?.problems.map(({ reason }) => reason)], [1, ['ServiceNotFound']]);
    assert.equal((await page<RouteReport>('route-report?host=other.localhost')).total, 0);
  });

  await t.test('backends: endpoints with what they have to do, over all workers', async () => {
    await Promise.all(Array.from({ length: 8 }, () => get(http, 'shop.localhost', '/')));
    const { backends } = await page<BackendReport>('backends?service=default/web');
    const [endpoint] = backends[0]?.endpoints ?? [];
    assert.deepEqual(endpoint, { address: `127.0.0.1:${backend.port}`, state: 'ready', active: 0, requests: 9 });
  });

  await t.test('connections: those alone that are old enough, to be listed and ended', async () => {
    const [known] = await page<readonly ConnectionSummary[]>('connections?older=0');
    assert.equal(known?.remotePort, localPort);
    assert.deepEqual(await page('connections?older=20d'), []);
    const refused = await answer('connections?older=soon');
    assert.deepEqual([refused.status, /older=soon is not allowed; expected a duration/.test(refused.body)], [400, true]);
    assert.equal(await adminChange(admin, 'DELETE', '/debug/connections?older=soon'), 400);
    assert.equal(await adminChange(admin, 'DELETE', '/debug/connections?older=20d'), 404);
    assert.equal(await adminChange(admin, 'DELETE', '/debug/connections?older=1ms', ''), 401);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    assert.equal(await adminChange(admin, 'DELETE', '/debug/connections?older=1ms'), 200);
    await closed;
  });

  await t.test('endings: who left, when, and why, the latest first', async () => {
    const endings = await eventually('the ending is there', async () => {
      const found = await page<readonly EndingSummary[]>('endings?route=Ingress%20default/shop');
      return found.some(({ reason }) => reason === 'killed') && found;
    });
    const [last, ...before] = endings;
    assert.deepEqual(
      [last?.reason, last?.side, last?.remotePort, last?.endpoint, last?.listener],
      ['killed', 'proxy', localPort, `127.0.0.1:${backend.port}`, 'http'],
    );
    assert.ok((last?.bytesReceived ?? 0) > 50 && (last?.bytesSent ?? 0) > 50);
    assert.equal(before.length, 8, 'and the others, of both workers');
    assert.ok(before.every(({ reason, durationMs }) => reason === 'normal' && durationMs > 0));
    assert.deepEqual(await page('endings?route=Ingress%20default/nobody'), []);
    assert.equal((await page<readonly EndingSummary[]>('endings?limit=2')).length, 2);
    assert.doesNotMatch(JSON.stringify(endings), /secret/);
  });
});
