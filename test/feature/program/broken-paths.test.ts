import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ingressClass, service } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';

const host = 'shop.example.com';

/** An Ingress of the host with one path. */
function withPath(name: string, path: object, to = 'guarded'): string {
  const backend = { service: { name: to, port: { name: 'web' } } };
  const rules = [{ host, http: { paths: [{ backend, ...path }] } }];
  const metadata = { name, namespace: 'default', creationTimestamp: name === 'broad' ? '2026-01-01T00:00:00Z' : '2026-02-01T00:00:00Z' };
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
