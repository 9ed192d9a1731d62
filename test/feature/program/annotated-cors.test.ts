import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ingress, ingressClass, service, smartProxyConfig } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { type Answer, Program } from '../../tools/program.ts';

const host = 'shop.example.com';
const page = 'https://app.example.com';
const of = ({ headers }: Answer, ...names: readonly string[]) => names.map((name) => headers[`access-control-${name}`]);

describe('CORS and the host for backends by annotations of an Ingress', () => {
  let backend: NamedBackend;
  let base: string;

  before(async () => {
    backend = await NamedBackend.start('a');
    base = ingressClass + service('a', backend.port);
  });

  after(() => backend[Symbol.asyncDispose]());

  const annotated = (annotations: Readonly<Record<string, string>>): string =>
    ingress('shop', {
      rules: { [host]: [['/', 'Prefix', 'a']] },
      annotations: Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`smartproxy.dev/${name}`, value])),
    });
  const preflight = (program: Program, origin = page): Promise<Answer> =>
    program.ask(host, '/', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-a' },
    });
  const get = (program: Program, origin = page): Promise<Answer> => program.ask(host, '/', { headers: { origin } });

  it('enable-cors alone lets every page ask, without credentials, with the methods and the age of ingress-nginx', async () => {
    await using program = await Program.start(base + annotated({ 'enable-cors': 'true' }));
    assert.deepEqual(program.problems, []);
    const seen = backend.seen.length;
    const answer = await preflight(program);
    assert.deepEqual(
      [answer.status, ...of(answer, 'allow-origin', 'allow-methods', 'allow-headers', 'allow-credentials', 'max-age')],
      [204, '*', 'GET, PUT, POST, DELETE, PATCH, OPTIONS', 'x-a', undefined, '1728000'],
    );
    assert.equal(backend.seen.length, seen);
    assert.deepEqual(of(await get(program), 'allow-origin'), ['*']);
  });

  it('what else is said of it holds, and what can not be is a problem', async () => {
    const all = {
      ...{ 'enable-cors': 'true', 'cors-allow-origin': `${page}, https://*.example.org`, 'cors-allow-methods': 'GET, PUT' },
      ...{ 'cors-allow-headers': 'X-Team', 'cors-expose-headers': 'X-Total, Date', 'cors-max-age': '600' },
    };
    await using program = await Program.start(base + annotated(all));
    assert.deepEqual(program.problems, []);
    assert.deepEqual(of(await preflight(program), 'allow-origin', 'allow-methods', 'allow-headers', 'allow-credentials', 'max-age'), [
      page,
      'GET, PUT',
      'X-Team',
      'true',
      '600',
    ]);
    assert.deepEqual(of(await get(program, 'https://x.example.org'), 'allow-origin', 'expose-headers'), [
      'https://x.example.org',
      'X-Total, Date',
    ]);
    assert.deepEqual(of(await get(program, 'https://evil.example'), 'allow-origin'), [undefined]);
    await program.apply(annotated({ ...all, 'cors-allow-credentials': 'false' }));
    assert.deepEqual(of(await get(program), 'allow-origin', 'allow-credentials'), [page, undefined]);
    const impossible: readonly Readonly<Record<string, string>>[] = [
      { 'enable-cors': 'true', 'cors-allow-credentials': 'true' },
      { 'enable-cors': 'true', 'cors-allow-origin': 'app.example.com' },
      { 'cors-allow-origin': page },
    ];
    for (const wrong of impossible) {
      await program.apply(annotated(wrong));
      assert.deepEqual(program.problems, ['InvalidAnnotation'], JSON.stringify(wrong));
      assert.deepEqual(of(await get(program), 'allow-credentials'), [undefined]);
    }
  });

  const unreadable: readonly (readonly [name: string, value: string])[] = [
    ['cors-allow-origin', 'https://app.example.com/'],
    ['cors-allow-origin', 'app.example.com'],
    ['cors-allow-methods', 'get'],
    ['cors-allow-headers', 'X Team'],
    ['cors-allow-credentials', 'no'],
  ];
  for (const [name, value] of unreadable)
    it(`while ${name} is ${JSON.stringify(value)}, no page of another origin may ask, where the default would let more of them`, async () => {
      const annotations = { 'enable-cors': 'true', 'cors-allow-origin': page, 'cors-allow-credentials': 'true', [name]: value };
      await using program = await Program.start(base + annotated(annotations));
      assert.deepEqual(program.problems, ['InvalidAnnotation']);
      assert.match(program.translation.problems[0]?.message ?? '', /; until then pages of other origins may not ask\.$/);
      for (const origin of [page, 'https://evil.example'])
        for (const answer of [await preflight(program, origin), await get(program, origin)])
          assert.deepEqual(of(answer, 'allow-origin', 'allow-credentials', 'allow-methods'), [undefined, undefined, undefined]);
    });

  it('enable-cors "false" comes before what the installation says', async () => {
    const defaults = { policy: { cors: { allowOrigins: [page] } } };
    await using program = await Program.start(base.replace(ingressClass, '') + smartProxyConfig({ defaults }) + annotated({}));
    assert.deepEqual(of(await get(program), 'allow-origin'), [page]);
    await program.apply(annotated({ 'enable-cors': 'false' }));
    assert.deepEqual(of(await get(program), 'allow-origin'), [undefined]);
  });

  it('upstream-vhost is the host that backends get', async () => {
    await using program = await Program.start(base + annotated({ 'upstream-vhost': 'Inner.example.com:8080' }));
    assert.deepEqual(program.problems, []);
    await program.ask(host, '/');
    const headers = backend.seen.at(-1)?.headers;
    assert.deepEqual([headers?.host, headers?.['x-forwarded-host']], ['inner.example.com:8080', host]);
    await program.apply(annotated({ 'upstream-vhost': '$host' }));
    assert.deepEqual(program.problems, ['InvalidAnnotation']);
    await program.ask(host, '/');
    assert.equal(backend.seen.at(-1)?.headers.host, host);
  });
});
