import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { freePort } from '../../tools/free-port.ts';
import { ingressClass, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';

const host = 'shop.example.com';
const say = (body: string) => ({ respond: { status: 200, body } });
const prefix = (value: string) => [{ path: { type: 'Prefix', value } }];
const rules = [
  { name: 'admin', matches: prefix('/admin'), action: say('admin') },
  { name: 'rest', action: say('shop') },
];
const valid = { hosts: [host], http: { rules } };
/** What requests would fall through to. */
const open = smartRoute('open', { hosts: ['*.example.com'], http: { rules: [{ name: 'all', action: say('open') }] } });
const any = smartRoute('any', { http: { rules: [{ name: 'all', action: say('any') }] } });

async function answers(program: Program, ...asked: readonly (readonly [host: string, path: string])[]): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (const [name, path] of asked) {
    const { status, body } = await program.ask(name, path);
    found.push(status === 200 ? body : status);
  }
  return found;
}

describe('a SmartRoute with a mistake outside of its rules', () => {
  const mistakes: readonly (readonly [of: string, spec: object, field: string])[] = [
    ['a field of the policy', { ...valid, policy: { auth: { basic: { realm: 'a "b"' } } } }, 'spec.policy.auth.basic.realm'],
    ['the policy as a whole', { ...valid, policy: ['auth'] }, 'spec.policy'],
    ['tls', { ...valid, tls: { mode: 'Terminated' } }, 'spec.tls.mode'],
    ['what tls is for', { ...valid, tls: { mode: 'Passthrough' } }, 'spec'],
    ['clientCIDRs', { ...valid, clientCIDRs: '10.0.0.0/8' }, 'spec.clientCIDRs'],
    ['listeners', { ...valid, listeners: 'https' }, 'spec.listeners'],
    ['the priority', { ...valid, priority: 'high' }, 'spec.priority'],
    ['connection', { ...valid, connection: { maxConnections: 5 } }, 'spec'],
    ['the kind of route', { ...valid, tcp: { backends: [{ name: 'web', port: { number: 80 } }] } }, 'spec'],
    ['no kind of route', { hosts: [host] }, 'spec'],
    ['http', { hosts: [host], http: rules }, 'spec.http'],
    ['no rules', { hosts: [host], http: { rules: [] } }, 'spec.http.rules'],
    ['rules that are no list', { hosts: [host], http: { rules: { admin: {} } } }, 'spec.http.rules'],
    ['a host beside another', { ...valid, hosts: ['_', host] }, 'spec.hosts[0]'],
    ['a host that is a text', { ...valid, hosts: host }, 'spec.hosts'],
    ['a host in capitals', { ...valid, hosts: ['Shop.Example.com'] }, 'spec.hosts[0]'],
    ['the policy and a rule', { hosts: [host], policy: 7, http: { rules: [...rules, { name: 'x', action: {} }] } }, 'spec.policy'],
  ];
  for (const [of, spec, field] of mistakes)
    it(`keeps its hosts and answers 503 there: ${of}`, async () => {
      await using program = await Program.start(ingressClass + open + any + smartRoute('shop', valid));
      const asked = [
        [host, '/admin/x'],
        [host, '/'],
        ['other.example.com', '/'],
        ['other.test', '/'],
      ] as const;
      assert.deepEqual(await answers(program, ...asked), ['admin', 'shop', 'open', 'any']);
      await program.apply(smartRoute('shop', spec));
      assert.deepEqual(await answers(program, ...asked), [503, 503, 'open', 'any']);
      assert.ok(program.translation.problems.some((problem) => problem.reason === 'InvalidObject' && problem.field === field));
      const state = program.translation.smartRoutes.find(({ object: { name } }) => name === 'shop');
      const [accepted] = state?.conditions ?? [];
      assert.deepEqual([accepted?.status, accepted?.reason], ['False', 'InvalidObject']);
      assert.ok(accepted!.message.includes(field), accepted!.message);
      for (const rule of state?.rules ?? []) assert.equal(rule.conditions[0]?.reason, 'InvalidObject');
      await program.apply(smartRoute('shop', valid));
      assert.deepEqual(await answers(program, ...asked), ['admin', 'shop', 'open', 'any']);
    });

  it('keeps what its rules match where other objects have the rest, whoever is older', async () => {
    const rest = smartRoute('a-rest', { hosts: [host], http: { rules: [{ name: 'all', action: say('rest') }] } });
    const guarded = { hosts: [host], policy: { auth: { basic: {} } }, http: { rules: [rules[0]] } };
    await using program = await Program.start(ingressClass + rest + smartRoute('shop', guarded));
    assert.deepEqual(await answers(program, [host, '/admin'], [host, '/']), [503, 'rest']);
  });

  it('takes nothing that an older object has', async () => {
    const older = smartRoute('a-older', { hosts: [host], http: { rules: [{ name: 'all', action: say('older') }] } });
    await using program = await Program.start(ingressClass + older + smartRoute('shop', { hosts: [host], http: 7 }));
    assert.deepEqual(await answers(program, [host, '/']), ['older']);
  });

  it('keeps requests for any host from others when it names none, by what its rules match', async () => {
    const of = (spec: object) => smartRoute('shop', { http: { rules: [rules[0]] }, ...spec });
    await using program = await Program.start(ingressClass + any + of({}));
    assert.deepEqual(await answers(program, ['a.test', '/admin'], ['a.test', '/']), ['admin', 'any']);
    await program.apply(of({ policy: 7 }));
    assert.deepEqual(await answers(program, ['a.test', '/admin'], ['a.test', '/']), [503, 'any']);
  });

  it('claims nothing when it says neither hosts nor rules, or no host that can be read', async () => {
    for (const spec of [{}, { http: {} }, { http: { rules: [] } }, { ...valid, hosts: ['_'] }, { ...valid, hosts: { shop: true } }]) {
      await using program = await Program.start(ingressClass + smartRoute('shop', spec) + any);
      assert.deepEqual(await answers(program, [host, '/admin'], ['a.test', '/']), ['any', 'any'], JSON.stringify(spec));
      assert.ok(program.problems.includes('InvalidObject'));
    }
  });

  it('keeps the hosts of TLS that passes through, and the listeners of tcp', async () => {
    const port = await freePort();
    const config = smartProxyConfig({ listeners: [{ name: 'db', port, protocol: 'TCP' }] });
    const backends = [{ name: 'web', port: { number: 80 } }];
    const passing = smartRoute('passing', { hosts: [host], tls: { mode: 'Passthrough' }, tcp: { backends: [] } });
    const others = smartRoute('others', { hosts: ['*.example.com'], tls: { mode: 'Passthrough' }, tcp: { backends } });
    await using program = await Program.start(config + others + passing);
    assert.deepEqual(await answers(program, [host, '/']), [503]);
    await assert.rejects(program.ask(host, '/', { tls: true }), /unrecognized name/);
    const broken = [
      { listeners: ['db'], tcp: { backends: [] } },
      { listeners: ['db'], tcp: { backends }, policy: 7 },
    ];
    for (const spec of broken) {
      // The other is younger.
      await program.apply(smartRoute('a-db', spec) + smartRoute('db', { listeners: ['db'], tcp: { backends } }));
      assert.ok(program.problems.includes('ListenerConflict'));
      const socket = connect(program.ports.get('db') ?? port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket.resume(), 'close');
    }
  });
});
