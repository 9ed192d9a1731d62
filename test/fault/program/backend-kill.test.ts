import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackendProcess } from '../../tools/backend-process.ts';
import { eventually } from '../../tools/eventually.ts';
import { KeepAliveClient } from '../../tools/keep-alive-client.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks, stateOf, untilAtRest } from '../../tools/program-books.ts';

const host = 'shop.example.com';
const loaders = 8;

test('kill -9 of one of two backends under load costs the requests that it had in hand, and no others', async () => {
  await using doomed = await BackendProcess.start('doomed');
  await using other = await BackendProcess.start('other');
  const rules = ingress('one', { rules: { [host]: [['/', 'Prefix', 's']] } });
  await using program = await Program.start(ingressClass + service('s', doomed.port, other.port) + rules);
  const before = stateOf(program);

  // Held requests may not be done twice: what the dead backend had of them is lost, and the client is told.
  const held = Array.from({ length: 8 }, () => program.ask(host, '/hold', { method: 'POST', body: 'once' }));
  await Promise.all([doomed.held(4), other.held(4)]);

  let running = true;
  const answers: string[] = [];
  const failures: number[] = new Array<number>(loaders).fill(0);
  const clients = Array.from({ length: loaders }, () => new KeepAliveClient(program.httpPort));
  const load = clients.map(async (client, index) => {
    while (running) {
      const { status, body } = await client.ask(host, '/');
      if (status === 200) answers.push(body);
      else failures[index] = (failures[index] ?? 0) + 1;
    }
  });
  await eventually('both serve', () => answers.length > 400 && answers.includes('doomed') && answers.includes('other'));
  assert.deepEqual(failures, new Array(loaders).fill(0));

  await doomed.kill();
  const killedAt = answers.length;
  await eventually('load goes on', () => answers.length > killedAt + 1000);
  assert.ok(
    answers.slice(killedAt + loaders).every((name) => name === 'other'),
    'the second endpoint serves',
  );
  for (const count of failures) assert.ok(count <= 1, `a client lost ${count} requests, one was in flight`);
  assert.ok(program.dataPlane.outEndpoints().length <= 1);

  // The endpoint leaves the slices, as it does in a cluster: nothing changes for anybody.
  const lost = failures.reduce((sum, count) => sum + count, 0);
  await program.remove('EndpointSlice', 'default/s-0');
  const removedAt = answers.length;
  await eventually('load goes on', () => answers.length > removedAt + 200);
  assert.equal(
    failures.reduce((sum, count) => sum + count, 0),
    lost,
  );
  running = false;
  await Promise.all(load);
  for (const client of clients) client[Symbol.dispose]();

  other.release();
  const outcomes = (await Promise.all(held)).map(({ status, body }) => (status === 200 ? body : status));
  assert.deepEqual(outcomes.filter((outcome) => outcome === 502).length, 4, String(outcomes));
  assert.deepEqual(outcomes.filter((outcome) => outcome === 'other').length, 4, String(outcomes));
  assertBooks(program);
  await program.replace(ingressClass);
  await untilAtRest(program, before);
});
