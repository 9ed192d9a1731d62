import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { Reflector } from '../../../src/sources/kubernetes/reflector.ts';
import type { WatchedObject } from '../../../src/sources/kubernetes/watch-event.ts';
import { eventually } from '../../tools/eventually.ts';
import { RecordedLog } from '../../tools/recorded-log.ts';
import { type Answer, ScriptedApi, sendJson } from '../../tools/scripted-api.ts';

function object(name: string, resourceVersion = '1'): WatchedObject {
  return { metadata: { name, namespace: 'shop', resourceVersion } };
}

function list(names: readonly string[], resourceVersion: string, next?: string) {
  return { metadata: { resourceVersion, continue: next }, items: names.map((name) => object(name)) };
}

function event(type: string, name: string, resourceVersion: string): string {
  return `${JSON.stringify({ type, object: object(name, resourceVersion) })}\n`;
}

function openWatch(response: ServerResponse, text = ''): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(text);
  response.flushHeaders();
}

/** A reflector of `/things` on a scripted API, with the set of names that it brought. */
async function reflect(context: TestContext, answers: { list: Answer; watch: Answer }, stallTimeoutMs = 20_000) {
  const api = await ScriptedApi.start((request, response, url) => {
    (url.searchParams.get('watch') === 'true' ? answers.watch : answers.list)(request, response, url);
  });
  const names = new Set<string>();
  const log = new RecordedLog();
  const problems: (string | undefined)[] = [];
  const reflector = new Reflector({
    client: api.client,
    log,
    resource: 'things',
    path: '/things',
    timings: { firstRetryMs: 1, maxRetryMs: 5, stallTimeoutMs },
    target: {
      replace: (objects) => {
        names.clear();
        for (const { metadata } of objects) names.add(metadata.name);
      },
      apply: ({ metadata }) => names.add(metadata.name),
      remove: ({ metadata }) => names.delete(metadata.name),
      trouble: (trouble) => problems.push(trouble?.message),
    },
  });
  context.after(async () => {
    await reflector.close();
    await api.close();
  });
  reflector.start();
  return { api, names, log, problems, reflector };
}

test('Reflector: reads every page and watches from the version of the list', async (context) => {
  const { api, names, reflector } = await reflect(context, {
    list: (_, response, url) =>
      sendJson(response, 200, url.searchParams.get('continue') ? list(['c'], '9') : list(['a', 'b'], '9', 'more')),
    watch: (_, response) => openWatch(response, event('ADDED', 'd', '10') + event('DELETED', 'a', '11')),
  });
  await reflector.synced;
  await eventually('the watch brought its events', () => names.has('d') && !names.has('a'));
  assert.deepEqual([...names], ['b', 'c', 'd']);
  assert.equal(api.watches[0]?.searchParams.get('resourceVersion'), '9');
  assert.equal(api.watches[0]?.searchParams.get('allowWatchBookmarks'), 'true');
  assert.equal(api.lists[0]?.searchParams.get('limit'), '500');
  assert.equal(reflector.health().healthy, true);
});

test('Reflector: a watch that breaks is resumed from its last event or bookmark, without a list', async (context) => {
  let watches = 0;
  const { api, names } = await reflect(context, {
    list: (_, response) => sendJson(response, 200, list([], '5')),
    watch: (_, response) => {
      watches++;
      openWatch(response, watches === 1 ? event('ADDED', 'a', '7') + event('BOOKMARK', '', '8') : '');
      if (watches === 1) setImmediate(() => response.destroy());
    },
  });
  await eventually('a second watch', () => api.watches.length >= 2);
  assert.equal(api.watches[1]?.searchParams.get('resourceVersion'), '8');
  assert.equal(api.lists.length, 1);
  assert.deepEqual([...names], ['a']);
});

const failures: readonly [name: string, fail: (response: ServerResponse) => void][] = [
  ['a 500', (response) => sendJson(response, 500, { message: 'etcd is away' })],
  ['a 503 that is no JSON', (response) => response.writeHead(503).end('<html>')],
  ['a reset before the answer', (response) => response.destroy()],
  ['a line that is no JSON', (response) => openWatch(response, '{"type":"ADDED","obj\n')],
  ['an event without an object', (response) => openWatch(response, '{"type":"ADDED"}\n')],
  ['an event that is no object', (response) => openWatch(response, 'null\n')],
  ['an unknown event type', (response) => openWatch(response, event('SURPRISE', 'x', '6'))],
  ['an ERROR event', (response) => openWatch(response, '{"type":"ERROR","object":{"code":500,"message":"internal"}}\n')],
  ['an end in the middle of an event', (response) => response.writeHead(200).end('{"type":"ADDED","obje')],
  ['an end at once', (response) => response.writeHead(200).end()],
];

for (const [name, fail] of failures) {
  const isRefusal = name !== 'a reset before the answer';
  test(`Reflector: survives ${name} on the watch, again and again, and keeps its objects`, async (context) => {
    let attempts = 0;
    const { api, names, problems, reflector } = await reflect(context, {
      list: (_, response) => sendJson(response, 200, list(['a'], '5')),
      watch: (_, response) => {
        attempts++;
        if (attempts <= 6) fail(response);
        else openWatch(response, event('ADDED', 'b', '7'));
      },
    });
    await eventually('the event after the failures', () => names.has('b'));
    assert.deepEqual([...names].sort(), ['a', 'b']);
    // A server that answers may have forgotten our version; one that can't be reached is not burdened with lists when it is back.
    assert.equal(api.lists.length, isRefusal ? 2 : 1);
    // A reset of a kept-alive connection is repeated without counting as a failure.
    assert.ok(reflector.health().restarts >= 3);
    assert.equal(reflector.health().healthy, true);
    assert.ok(problems.some((problem) => problem !== undefined));
    assert.equal(problems.at(-1), undefined);
  });
}

test('Reflector: a failing list is repeated until it works; nothing is replaced by half a list', async (context) => {
  let lists = 0;
  const { names, reflector } = await reflect(context, {
    list: (_, response, url) => {
      lists++;
      if (lists === 1) sendJson(response, 403, { message: 'forbidden' });
      else if (lists === 3) response.destroy();
      else sendJson(response, 200, url.searchParams.get('continue') ? list(['b'], '5') : list(['a'], '5', 'more'));
    },
    watch: (_, response) => openWatch(response),
  });
  assert.equal(reflector.health().healthy, false);
  await reflector.synced;
  assert.deepEqual([...names], ['a', 'b']);
  assert.ok(lists >= 4);
});

for (const [name, expire] of [
  ['as the status of the watch', (response: ServerResponse) => sendJson(response, 410, { message: 'too old' })],
  ['as an ERROR event', (response: ServerResponse) => openWatch(response, '{"type":"ERROR","object":{"code":410,"message":"too old"}}\n')],
] as const) {
  test(`Reflector: a 410 ${name} lists again at once and drops what is gone`, async (context) => {
    let isExpired = false;
    const { api, names, problems } = await reflect(context, {
      list: (_, response) => sendJson(response, 200, isExpired ? list(['b'], '50') : list(['a'], '5')),
      watch: (_, response) => {
        if (isExpired) openWatch(response);
        else {
          isExpired = true;
          expire(response);
        }
      },
    });
    await eventually('the second watch', () => api.watches.length === 2);
    assert.deepEqual([...names], ['b']);
    assert.equal(api.watches[1]?.searchParams.get('resourceVersion'), '50');
    assert.equal(problems.filter((problem) => problem !== undefined).length, 0, 'an expired watch is no problem');
  });
}

test('Reflector: a watch that goes silent is given up and opened again at once, which is no trouble', async (context) => {
  const { api, problems, reflector } = await reflect(
    context,
    { list: (_, response) => sendJson(response, 200, list(['a'], '5')), watch: (_, response) => openWatch(response) },
    50,
  );
  await eventually('another watch', () => api.watches.length >= 3);
  assert.ok(reflector.health().restarts >= 2);
  assert.equal(reflector.health().healthy, true);
  assert.deepEqual(
    problems.filter((problem) => problem !== undefined),
    [],
    'a quiet kind has no bookmarks on a server that has just begun',
  );
  assert.equal(api.lists.length, 1);
});

test('Reflector: a refused token is read again from the kubeconfig and the request repeated', async (context) => {
  const accepted = { token: 'first' };
  const { api, names, reflector } = await reflect(context, {
    list: (request, response) => {
      if (request.headers.authorization !== `Bearer ${accepted.token}`) return sendJson(response, 401, { message: 'Unauthorized' });
      sendJson(response, 200, list(['a'], '5'));
    },
    watch: (request, response) => {
      if (request.headers.authorization !== `Bearer ${accepted.token}`) return sendJson(response, 401, { message: 'Unauthorized' });
      openWatch(response, accepted.token === 'second' ? event('ADDED', 'b', '6') : '');
      if (accepted.token === 'first') {
        accepted.token = 'second';
        api.writeKubeconfig(api.port, 'second');
        setImmediate(() => response.destroy());
      }
    },
  });
  await reflector.synced;
  await eventually('the watch with the new token', () => names.has('b'));
  assert.equal(reflector.health().healthy, true);
});

test('Reflector: close ends the watch and its connection', async () => {
  const closed = Promise.withResolvers<void>();
  const api = await ScriptedApi.start((_, response, url) => {
    if (url.searchParams.get('watch') !== 'true') return sendJson(response, 200, list([], '5'));
    response.once('close', closed.resolve);
    openWatch(response);
  });
  const target = { replace: () => undefined, apply: () => undefined, remove: () => undefined };
  const reflector = new Reflector({ client: api.client, log: new RecordedLog(), resource: 'things', path: '/things', target });
  reflector.start();
  await eventually('the watch is open', () => api.watches.length === 1);
  await reflector.close();
  await closed.promise;
  await api.close();
});
