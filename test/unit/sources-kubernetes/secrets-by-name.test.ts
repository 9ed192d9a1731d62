import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecretsByName } from '../../../src/sources/kubernetes/secrets-by-name.ts';

/** Who is followed, and what was said of them. */
function start() {
  const events: string[] = [];
  const answers = new Map<string, () => void>();
  const secrets = new SecretsByName({
    namespace: 'own',
    follow: (key, answered) => {
      answers.set(key, answered);
      return {
        start: () => events.push(`start ${key}`),
        close: async () => {
          events.push(`close ${key}`);
        },
      };
    },
    forget: (key) => events.push(`forget ${key}`),
  });
  return { secrets, events, answer: (key: string) => answers.get(key)?.() };
}

test('SecretsByName follows what is referred to in its namespace, once, and lets go of the rest', async () => {
  const { secrets, events, answer } = start();
  let isKnown = false;
  const first = secrets.setReferenced(['own/ca', 'other/ca', 'own/users']).then(() => {
    isKnown = true;
  });
  assert.deepEqual(events, ['start own/ca', 'start own/users']);
  answer('own/ca');
  await Promise.resolve();
  assert.equal(isKnown, false);
  answer('own/users');
  await first;
  await secrets.setReferenced(['own/users']);
  assert.deepEqual(events.splice(0), ['start own/ca', 'start own/users', 'close own/ca', 'forget own/ca']);
  await secrets.setReferenced(['own/users']);
  assert.deepEqual(events, []);
});

test('SecretsByName: nobody waits for an answer any more when it is closed', async () => {
  const { secrets, events } = start();
  const waiting = secrets.setReferenced(['own/ca']);
  await secrets.close();
  await waiting;
  assert.deepEqual(events, ['start own/ca', 'close own/ca']);
});
