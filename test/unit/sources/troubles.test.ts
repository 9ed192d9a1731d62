import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { type Trouble, type TroubleReason, Troubles } from '../../../src/sources/troubles.ts';
import { RecordedLog } from '../../tools/recorded-log.ts';

function setUp(context: { after(run: () => void): void }) {
  mock.timers.enable({ apis: ['setTimeout'] });
  context.after(() => mock.timers.reset());
  const log = new RecordedLog();
  const store = new ObjectStore();
  let nowMs = 0;
  const troubles = new Troubles({ store, log, now: () => nowMs });
  const pass = (ms: number) => {
    nowMs += ms;
    mock.timers.tick(ms);
  };
  const lines = () => log.lines.map(({ level, message, fields: { reason, parts } }) => [level, message, reason, parts]);
  return { log, store, troubles, pass, lines };
}

function trouble(reason: TroubleReason, message = `${reason}!`): Trouble {
  return { reason, message };
}

test('Troubles: many parts without an API server are one line, and one more when the last is back and stays', (context) => {
  const { troubles, pass, lines, store } = setUp(context);
  for (const part of ['ingresses', 'services', 'lease']) troubles.report(part, trouble('unreachable'));
  pass(300);
  assert.deepEqual(lines(), [['warn', 'not everything works: trying again', 'unreachable', ['ingresses', 'services', 'lease']]]);
  assert.equal(store.problems().length, 3);
  for (let attempt = 0; attempt < 20; attempt++) {
    troubles.report('ingresses', trouble('unreachable'));
    pass(20_000);
  }
  assert.equal(lines().length, 1);
  for (const part of ['ingresses', 'services', 'lease']) troubles.clear(part);
  pass(4999);
  assert.equal(lines().length, 1);
  pass(1);
  assert.deepEqual(lines()[1], ['info', 'it works again', 'unreachable', undefined]);
  assert.deepEqual(store.problems(), []);
});

test('Troubles: what is forbidden is one line that names every part, and again after ten minutes', (context) => {
  const { troubles, pass, lines, log } = setUp(context);
  const deny = () => {
    for (const part of ['ingresses', 'services']) troubles.report(part, trouble('forbidden', `cannot list ${part}`));
  };
  deny();
  pass(300);
  assert.deepEqual(lines(), [['error', 'not everything works: trying again', 'forbidden', ['ingresses', 'services']]]);
  assert.equal(log.lines[0]?.fields.detail, 'cannot list ingresses');
  pass(599_000);
  deny();
  pass(300);
  assert.equal(lines().length, 1);
  pass(1000);
  deny();
  pass(300);
  assert.equal(lines().length, 2);
});

test('Troubles: a part that comes and goes quickly does not fill the log', (context) => {
  const { troubles, pass, lines } = setUp(context);
  for (let round = 0; round < 100; round++) {
    troubles.report('ingresses', trouble('failed', `attempt ${round}`));
    pass(1000);
    troubles.clear('ingresses');
    pass(1000);
  }
  assert.equal(lines().length, 1);
});

test('Troubles: what is over before it is told is not told to be over, and hides nothing that goes on', (context) => {
  const { troubles, pass, lines } = setUp(context);
  troubles.report('ingresses', trouble('unreachable'));
  pass(200);
  troubles.clear('ingresses');
  pass(10_000);
  assert.deepEqual(lines(), []);

  troubles.report('ingresses', trouble('unreachable'));
  troubles.report('services', trouble('unreachable'));
  troubles.clear('ingresses');
  pass(10_000);
  assert.deepEqual(lines(), [['warn', 'not everything works: trying again', 'unreachable', ['services']]]);
});

test('Troubles: a message stays while the reason does, so that problems and Events do not change at every attempt', (context) => {
  const { troubles, store } = setUp(context);
  troubles.report('snapshot', trouble('unusable', 'first'));
  troubles.report('snapshot', trouble('unusable', 'second'));
  assert.deepEqual(store.problems(), [{ where: 'snapshot', reason: 'unusable', message: 'first' }]);
  troubles.report('snapshot', trouble('failed', 'third'));
  assert.deepEqual(store.problems(), [{ where: 'snapshot', reason: 'failed', message: 'third' }]);
});

test('Troubles: a thousand Secrets are one line of bounded length', (context) => {
  const { troubles, pass, log } = setUp(context);
  for (let index = 0; index < 1000; index++) troubles.report(`secret shop/${index}`, trouble('forbidden'));
  pass(300);
  assert.equal(log.lines.length, 1);
  const { parts, more } = log.lines[0]?.fields ?? {};
  assert.deepEqual([(parts as string[]).length, more], [20, 980]);
});
