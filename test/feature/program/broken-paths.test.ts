import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forwardTo, ingressClass, service, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';

const host = 'shop.example.com';

/** An Ingress of the host with one path. */
function withPath(name: string, path: object, to = 'guarded', annotations: object = {}): string {
  const backend = { service: { name: to, port: { name: 'web' } } };
  const rules = [{ host, http: { paths: [{ backend, ...path }] } }];
  const metadata = {
    name,
    namespace: 'default',
    annotations,
    creationTimestamp: name === 'broad' ? '2026-01-01T00:00:00Z' : '2026-02-01T00:00:00Z',
  };
  const object = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec: { ingressClassName: 'smartproxy', rules } };
  return `\n${JSON.stringify(object)}\n---`;
}

describe('a path of an Ingress that can not be used, beside a broader one of another', () => {
  let open: NamedBackend;
  let guarded: NamedBackend;
  let base: string;

  before(async () => {
    open = await NamedBackend.start('open');
    guarded = await NamedBackend.start('guarded');
    const broad = withPath('broad', { path: '/', pathType: 'Prefix' }, 'open');
    base = ingressClass + service('open', open.port) + service('guarded', guarded.port) + broad;
  });

  after(async () => {
    await open[Symbol.asyncDispose]();
    await guarded[Symbol.asyncDispose]();
  });

  const long = `/admin/${'a'.repeat(5000)}`;
  const cases: readonly (readonly [of: string, path: object, covered: readonly string[], left: readonly string[]])[] = [
    ['no slash', { path: 'admin', pathType: 'Prefix' }, ['/admin', '/admin/x'], ['/adminx']],
    ['no slash, Exact', { path: 'admin', pathType: 'Exact' }, ['/admin'], ['/admin/x']],
    ['a query', { path: '/admin?x=1', pathType: 'Prefix' }, ['/admin', '/admin/x?y'], ['/x']],
    ['a fragment', { path: '/admin#x', pathType: 'ImplementationSpecific' }, ['/admin'], ['/x']],
    ['an empty element', { path: '//admin//x', pathType: 'Prefix' }, ['/admin/x', '//admin//x'], ['/admin']],
    ['dot elements', { path: '/a/../admin', pathType: 'Prefix' }, ['/admin', '/a/../admin'], ['/a']],
    ['dot elements behind escapes', { path: '/a/%2e%2e/admin', pathType: 'Prefix' }, ['/admin'], ['/a']],
    ['an encoded slash', { path: '/admin%2Fx', pathType: 'Prefix' }, ['/admin/x'], ['/admin']],
    ['blanks', { path: ' /the admin\n', pathType: 'Prefix' }, ['/the%20admin'], ['/the']],
    ['too much of it', { path: long, pathType: 'Prefix' }, [long], ['/admin']],
    ['a type that does not exist', { path: '/admin', pathType: 'prefix' }, ['/admin', '/admin/x'], ['/adminx']],
    ['no type', { path: '/admin' }, ['/admin'], ['/x']],
    ['a type for patterns', { path: '/admin/(a|b)', pathType: 'Regex' }, ['/admin/(a|b)', '/anything'], []],
    ['a type for patterns that begin with text', { path: '/admin/[ab]', pathType: 'Regex' }, ['/admin/a'], ['/x']],
  ];
  for (const [of, path, covered, left] of cases)
    it(`for ${of}, answers 503 for what it may mean, and leaves the rest to the other`, async () => {
      await using program = await Program.start(base + withPath('narrow', path));
      assert.deepEqual(program.problems, ['InvalidPath']);
      assert.match(
        program.translation.problems[0]?.message ?? '',
        /Ingress default\/narrow.*until it is corrected, what it may mean is answered 503/,
      );
      const before = open.seen.length;
      for (const asked of covered) assert.equal((await program.ask(host, asked)).status, 503, asked);
      assert.equal(open.seen.length, before);
      for (const asked of left) assert.equal((await program.ask(host, asked)).body, 'open', asked);
      assert.equal(guarded.seen.length, 0);
    });

  const guard = { 'smartproxy.dev/denylist-source-range': '10.0.0.0/8' };
  const patterns: readonly (readonly [path: string, covered: readonly string[], left: readonly string[]])[] = [
    ['/admin(/|$)(.*)', ['/admin', '/admin/x', '/admin/x/y?z'], ['/', '/x/admin']],
    ['/admin/[0-9]+', ['/admin/7', '/admin/x'], ['/admin', '/admi']],
    ['/v1.0/.*', ['/v1.0/x', '/v1x0/x'], ['/v2.0/x']],
    ['/(.*)', [], ['/', '/x']],
  ];
  for (const [path, covered, left] of patterns)
    it(`for ${path} of an Ingress that says who may ask, answers 503 for what it may mean, and leaves the rest to the other`, async () => {
      const narrow = withPath('narrow', { path, pathType: 'ImplementationSpecific' }, 'guarded', guard);
      await using program = await Program.start(base + narrow);
      assert.deepEqual(program.problems, ['Unsupported']);
      if (covered.length > 0)
        assert.match(program.translation.problems[0]?.message ?? '', /what it may mean is answered 503; use a SmartRoute/);
      for (const asked of covered) assert.equal((await program.ask(host, asked)).status, 503, asked);
      for (const asked of left) assert.equal((await program.ask(host, asked)).body, 'open', asked);
    });

  it('for a pattern of one that lets everybody in goes by the broader one, and a SmartRoute with the pattern comes before what is held', async () => {
    const narrow = (annotations?: object): string =>
      withPath('narrow', { path: '/admin(/|$)(.*)', pathType: 'ImplementationSpecific' }, 'guarded', annotations);
    await using program = await Program.start(base + narrow());
    assert.equal((await program.ask(host, '/admin/x')).body, 'open');
    const match = { path: { type: 'Regex', value: '/admin(/|$)(.*)' } };
    const route = smartRoute('admin', {
      hosts: [host],
      http: { rules: [{ name: 'admin', matches: [match], action: forwardTo('guarded') }] },
    });
    await program.apply(narrow(guard) + route);
    assert.equal((await program.ask(host, '/admin/x')).body, 'guarded');
    assert.equal((await program.ask(host, '/administration')).status, 503);
  });

  it('that no request can have is left out', async () => {
    await using program = await Program.start(base + withPath('narrow', { path: `/${'a'.repeat(100_000)}`, pathType: 'Prefix' }));
    assert.deepEqual(program.problems, ['InvalidPath']);
    assert.equal((await program.ask(host, '/a')).body, 'open');
    await program.apply(withPath('narrow', { path: 7, pathType: 'Prefix' }));
    assert.deepEqual(program.problems, ['InvalidPath']);
    assert.equal((await program.ask(host, '/a')).body, 'open');
  });

  it('gives way to a path of its own Ingress that is written as it may have been meant', async () => {
    const backend = (name: string) => ({ service: { name, port: { name: 'web' } } });
    const paths = [
      { path: 'admin', pathType: 'Prefix', backend: backend('open') },
      { path: '/admin', pathType: 'Prefix', backend: backend('guarded') },
    ];
    const spec = { ingressClassName: 'smartproxy', rules: [{ host, http: { paths } }] };
    const object = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'both', namespace: 'default' }, spec };
    await using program = await Program.start(`${base}\n${JSON.stringify(object)}\n---`);
    assert.deepEqual(program.problems, ['InvalidPath']);
    assert.equal((await program.ask(host, '/admin')).body, 'guarded');
  });
});
