import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { HeldBackend } from '../../tools/held-backend.ts';
import { forwardTo, ingress, ingressClass, service, smartProxyConfig, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { type Answer, type AskOptions, Program } from '../../tools/program.ts';
import { Backend, dial, receive } from '../../tools/smartproxy/backend.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';

/** A route of one rule for everything. */
function route(loadBalancing: object, ...backends: readonly (string | readonly [string, number])[]): string {
  const { forward } = forwardTo(...(backends.length === 0 ? ['s'] : backends)) as { readonly forward: object };
  return smartRoute('shop', { hosts: [host], http: { rules: [{ name: 'all', action: { forward: { ...forward, loadBalancing } } }] } });
}

const byHash = (hash: object, ...backends: readonly (string | readonly [string, number])[]): string =>
  route({ type: 'ConsistentHash', hash }, ...backends);

async function named(t: TestContext, ...names: readonly string[]): Promise<readonly NamedBackend[]> {
  const backends = await Promise.all(names.map((name) => NamedBackend.start(name)));
  t.after(() => Promise.all(backends.map((backend) => backend[Symbol.asyncDispose]())));
  return backends;
}

const ports = (backends: readonly NamedBackend[]): readonly number[] => backends.map(({ port }) => port);

/** Who answers each of 30 users, asked twice. Fails when the two differ. */
async function whoAnswers(program: Program, requestOf: (user: string) => readonly [path: string, options: AskOptions]): Promise<string[]> {
  const found: string[] = [];
  for (let n = 0; n < 30; n++) {
    const [path, options] = requestOf(`user-${n}`);
    const answer = await program.ask(host, path, options);
    assert.equal(answer.status, 200);
    assert.equal((await program.ask(host, path, options)).body, answer.body);
    found.push(answer.body);
  }
  return found;
}

const byHeader = (user: string) => ['/', { headers: { 'x-user': user } }] as const;

describe('consistent hashing, objects in and real sockets out', () => {
  it('ConsistentHash sends equal requests to one endpoint, by header, cookie, query, address or target', async (t) => {
    const backends = await named(t, 'a', 'b', 'c');
    const objects = ingressClass + service('s', ...ports(backends));
    await using program = await Program.start(objects + byHash({ type: 'Header', name: 'X-User' }));
    const found = await whoAnswers(program, byHeader);
    assert.deepEqual([...new Set(found)].sort(), ['a', 'b', 'c']);
    await program.apply(byHash({ type: 'Cookie', name: 'user' }));
    assert.deepEqual(await whoAnswers(program, (user) => ['/', { headers: { cookie: `x=1; user=${user}` } }]), found);
    await program.apply(byHash({ type: 'Query', name: 'the user' }));
    assert.deepEqual(await whoAnswers(program, (user) => [`/?a=b&the+user=${user.replace('-', '%2D')}&c`, {}]), found);
    await program.apply(byHash({ type: 'Target' }));
    assert.equal(new Set(await whoAnswers(program, (user) => [`/${user}`, {}])).size, 3);
    await program.apply(byHash({ type: 'Header', name: 'X-Real-IP' }));
    assert.equal(new Set(await whoAnswers(program, (user) => ['/', { headers: { 'x-real-ip': user } }])).size, 1, 'nobody believes it');
    await program.apply(byHash({ type: 'ClientAddress' }));
    assert.equal(new Set(await whoAnswers(program, byHeader)).size, 1);
  });

  it('requests without what is hashed take turns', async (t) => {
    const backends = await named(t, 'a', 'b', 'c');
    await using program = await Program.start(ingressClass + service('s', ...ports(backends)) + byHash({ type: 'Header', name: 'X-User' }));
    for (let n = 0; n < 6; n++) await program.ask(host, '/', { headers: { 'x-user': '' } });
    assert.deepEqual(
      backends.map(({ seen }) => seen.length),
      [2, 2, 2],
    );
  });

  it('an endpoint that goes moves its own users alone, and they return with it; another program agrees', async (t) => {
    const backends = await named(t, 'a', 'b', 'c');
    const objects = ingressClass + byHash({ type: 'Header', name: 'X-User' });
    await using program = await Program.start(objects + service('s', ...ports(backends)));
    const before = await whoAnswers(program, byHeader);
    await program.remove('EndpointSlice', 'default/s-1');
    const without = await whoAnswers(program, byHeader);
    for (const [n, name] of without.entries()) {
      if (before[n] === 'b') assert.notEqual(name, 'b');
      else assert.equal(name, before[n]);
    }
    await program.apply(service('s', ...ports(backends)));
    assert.deepEqual(await whoAnswers(program, byHeader), before);
    await using other = await Program.start(objects + service('s', ...ports(backends)));
    assert.deepEqual(await whoAnswers(other, byHeader), before);
  });

  it('the hash decides between weighted backends too, by their weights', async (t) => {
    const [a, b] = (await named(t, 'a', 'b')) as [NamedBackend, NamedBackend];
    const objects = ingressClass + service('s', a.port) + service('r', b.port);
    await using program = await Program.start(objects + byHash({ type: 'Header', name: 'X-User' }, ['s', 2], ['r', 1]));
    const before = await whoAnswers(program, byHeader);
    const ofA = before.filter((name) => name === 'a').length;
    assert.ok(ofA > 10 && ofA < 30, `${ofA}`);
    await program.apply(byHash({ type: 'Header', name: 'X-User' }, ['s', 20], ['r', 1]));
    const after = await whoAnswers(program, byHeader);
    for (const [n, name] of before.entries()) if (name === 'a') assert.equal(after[n], 'a');
    assert.ok(after.includes('a'));
  });

  it('maxLoadPercent sends to the next endpoint what is above the bound', async (t) => {
    const [one, two] = [await HeldBackend.start(t), await HeldBackend.start(t)];
    const objects = ingressClass + service('s', one.port, two.port);
    await using program = await Program.start(objects + byHash({ type: 'Header', name: 'X-User', maxLoadPercent: 101 }));
    const pending: Promise<unknown>[] = [];
    for (let n = 1; n <= 4; n++) {
      pending.push(program.ask(host, '/held', { headers: { 'x-user': 'one' } }));
      while (one.held.length + two.held.length < n) await new Promise((resolve) => setImmediate(resolve));
    }
    // The third would have made three of three, where two is the bound.
    assert.deepEqual([one.held.length, two.held.length].sort(), [1, 3]);
    for (const response of [...one.held, ...two.held]) response.end('done');
    await Promise.all(pending);
    await program.apply(byHash({ type: 'Header', name: 'X-User' }));
    const seen = [one.seen.length, two.seen.length];
    for (let n = 0; n < 4; n++) await program.ask(host, '/', { headers: { 'x-user': 'one' } });
    assert.ok(one.seen.length === seen[0] || two.seen.length === seen[1]);
  });

  it('upstream-hash-by does it for an Ingress', async (t) => {
    const backends = await named(t, 'a', 'b', 'c');
    const annotations = { 'smartproxy.dev/upstream-hash-by': '$http_x_user' };
    await using program = await Program.start(
      ingressClass + service('s', ...ports(backends)) + ingress('shop', { rules: { [host]: [['/', 'Prefix', 's']] }, annotations }),
    );
    assert.equal(new Set(await whoAnswers(program, byHeader)).size, 3);
    assert.deepEqual(program.problems, []);
  });

  it('tcp.loadBalancing sends connections of one address to one endpoint', async (t) => {
    const [one, two] = [await Backend.listen((socket) => socket.write('one')), await Backend.listen((socket) => socket.write('two'))];
    t.after(() => Promise.all([one.close(), two.close()]));
    const passthrough = (type: string, ...names: readonly string[]) => {
      const backends = (names.length === 0 ? ['s'] : names).map((name) => ({ name, port: { name: 'web' } }));
      const tcp = { loadBalancing: { type }, backends };
      return smartRoute('shop', { hosts: [host], tls: { mode: 'Passthrough' }, tcp });
    };
    await using program = await Program.start(ingressClass + service('s', one.port, two.port) + passthrough('ConsistentHash'));
    const hello = await genuineHello(host);
    const answers = async (): Promise<ReadonlySet<string>> => {
      const found = new Set<string>();
      for (let n = 0; n < 4; n++) {
        const socket = await dial(program.httpsPort);
        socket.write(hello);
        found.add(String(await receive(socket, 3)));
        socket.destroy();
      }
      return found;
    };
    assert.equal((await answers()).size, 1);
    await program.apply(passthrough('RoundRobin'));
    assert.equal((await answers()).size, 2);
    await program.apply(service('s', one.port) + service('r', two.port) + passthrough('ConsistentHash', 's', 'r'));
    assert.equal((await answers()).size, 1, 'the hash decides between weighted backends too');
    await program.apply(passthrough('RoundRobin', 's', 'r'));
    await eventually('both get connections', async () => (await answers()).size === 2);
  });
});

/** The cookie of an answer: its value, and all of it. */
function cookieOf({ headers }: Answer): { readonly value: string; readonly text: string } | undefined {
  const [text] = headers['set-cookie'] ?? [];
  return text === undefined ? undefined : { value: text.slice(0, text.indexOf(';')), text };
}

const sticky = (cookie: object = {}): string => route({ sessionCookie: cookie });

describe('sticky sessions, objects in and real sockets out', () => {
  it('sessionCookie keeps a client with its endpoint, in every program, while others take turns', async (t) => {
    const backends = await named(t, 'a', 'b', 'c');
    const objects = ingressClass + service('s', ...ports(backends)) + sticky({ name: 'sid' });
    await using program = await Program.start(objects);
    await using other = await Program.start(objects);
    const first = await program.ask(host, '/');
    const { value, text } = cookieOf(first)!;
    assert.match(text, /^sid=[\w-]{22}; Path=\/; HttpOnly$/);
    for (let n = 0; n < 5; n++) {
      for (const from of [program, other]) {
        const answer = await from.ask(host, '/', { headers: { cookie: `x=1; ${value}` } });
        assert.equal(answer.body, first.body);
        assert.equal(cookieOf(answer), undefined, 'the client has its cookie');
        await from.ask(host, '/');
      }
    }
    const strangers = new Set<string>();
    for (let n = 0; n < 3; n++) strangers.add((await program.ask(host, '/', { headers: { cookie: 'sid=made-up' } })).body);
    assert.equal(strangers.size, 3);
  });

  it('a session stays with an endpoint that terminates until that is gone, and not with one that is not ready', async (t) => {
    const [a, b] = (await named(t, 'a', 'b')) as [NamedBackend, NamedBackend];
    await using program = await Program.start(ingressClass + service('s', a.port) + sticky());
    const { value } = cookieOf(await program.ask(host, '/'))!;
    const mine = () => program.ask(host, '/', { headers: { cookie: value } });
    for (const conditions of ['ready: false, serving: true, terminating: true', 'ready: false, serving: false, terminating: true']) {
      await program.apply(service('s', { port: a.port, conditions }, b.port));
      assert.equal((await mine()).body, 'a', conditions);
      assert.equal((await program.ask(host, '/')).body, 'b');
    }
    await program.apply(service('s', { port: a.port, conditions: 'ready: false' }, b.port));
    const moved = await mine();
    assert.equal(moved.body, 'b');
    assert.match(cookieOf(moved)?.value ?? '', /^smartproxy-session=/);
    await program.apply(service('s', a.port, b.port));
    assert.equal((await mine()).body, 'a', 'the cookie of before is good again');
    await program.remove('EndpointSlice', 'default/s-0');
    assert.equal((await mine()).body, 'b');
  });

  it('sessionCookie Balanced gives an endpoint that comes its share of the sessions, and takes none from one that stays', async (t) => {
    const backends = await named(t, 'a', 'b', 'c');
    const balanced = sticky({ mode: 'Balanced', name: 'sid' });
    await using program = await Program.start(ingressClass + service('s', ...ports(backends).slice(0, 2)) + balanced);
    assert.deepEqual(program.problems, []);
    const cookies: string[] = [];
    const before: string[] = [];
    for (let n = 0; n < 30; n++) {
      const first = await program.ask(host, '/');
      const { value, text } = cookieOf(first)!;
      assert.match(text, /^sid=[\w-]{16}; Path=\/; HttpOnly$/);
      cookies.push(value);
      before.push(first.body);
    }
    const answers = async (from: Program): Promise<readonly string[]> => {
      const found: string[] = [];
      for (const cookie of cookies) {
        const answer = await from.ask(host, '/', { headers: { cookie: `x=1; ${cookie}` } });
        assert.equal(cookieOf(answer), undefined, 'the client has its cookie');
        found.push(answer.body);
      }
      return found;
    };
    assert.deepEqual(await answers(program), before);
    assert.deepEqual([...new Set(before)].sort(), ['a', 'b']);
    await program.apply(service('s', ...ports(backends)));
    const after = await answers(program);
    assert.ok(after.includes('c'));
    for (const [n, name] of after.entries()) if (name !== 'c') assert.equal(name, before[n]);
    await using other = await Program.start(ingressClass + service('s', ...ports(backends)) + balanced);
    assert.deepEqual(await answers(other), after);
    await program.apply(service('s', ports(backends)[0]!, ports(backends)[1]!, { port: ports(backends)[2]!, conditions: 'ready: false' }));
    assert.deepEqual(await answers(program), before);
  });

  it('a session moves away from an endpoint that can not be reached, and the client is told', async (t) => {
    const [a, b] = (await named(t, 'a', 'b')) as [NamedBackend, NamedBackend];
    await using program = await Program.start(ingressClass + service('s', a.port) + sticky());
    const { value } = cookieOf(await program.ask(host, '/'))!;
    await program.apply(service('s', a.port, b.port));
    await a[Symbol.asyncDispose]();
    const moved = await program.ask(host, '/', { headers: { cookie: value } });
    assert.deepEqual([moved.status, moved.body], [200, 'b']);
    const cookie = cookieOf(moved)!.value;
    assert.equal(cookieOf(await program.ask(host, '/', { headers: { cookie } })), undefined);
  });

  it('a session stays with its backend while that has a weight', async (t) => {
    const [a, b] = (await named(t, 'a', 'b')) as [NamedBackend, NamedBackend];
    const objects = ingressClass + service('s', a.port) + service('r', b.port);
    const weights = (ofS: number, ofR: number) => route({ sessionCookie: {} }, ['s', ofS], ['r', ofR]);
    await using program = await Program.start(objects + weights(1, 0));
    const { value } = cookieOf(await program.ask(host, '/'))!;
    await program.apply(weights(1, 1_000_000));
    for (let n = 0; n < 5; n++) assert.equal((await program.ask(host, '/', { headers: { cookie: value } })).body, 'a');
    await program.apply(weights(0, 1));
    assert.equal((await program.ask(host, '/', { headers: { cookie: value } })).body, 'b');
  });

  it('the cookie has the attributes that the route says, and Secure for who comes over HTTPS', async (t) => {
    const [a] = (await named(t, 'a')) as [NamedBackend];
    const cookieFor = async (cookie: object, tls: boolean) => cookieOf(await program.ask(host, '/shop/cart', { tls }))?.text ?? cookie;
    const rules = (cookie: object) => {
      const { forward } = forwardTo('s') as { readonly forward: object };
      const action = { forward: { ...forward, loadBalancing: { sessionCookie: cookie } } };
      const matches = [{ path: { type: 'Prefix', value: '/shop' } }];
      const tls = { mode: 'Terminate', certificate: { secretRef: { name: 'tls' } } };
      return smartRoute('shop', {
        hosts: [host],
        tls,
        policy: { redirectToHttps: false },
        http: { rules: [{ name: 'all', matches, action }] },
      });
    };
    const secret = tlsSecret('tls', await makeTestCertificate(host));
    await using program = await Program.start(ingressClass + service('s', a.port) + secret + rules({}));
    assert.match((await cookieFor({}, false)) as string, /^smartproxy-session=[\w-]+; Path=\/shop; HttpOnly$/);
    assert.match((await cookieFor({}, true)) as string, /^smartproxy-session=[\w-]+; Path=\/shop; HttpOnly; Secure$/);
    const all = { path: '/', domain: 'example.com', maxAge: '1h', secure: true, httpOnly: false, sameSite: 'Strict' };
    await program.apply(rules(all));
    assert.match((await cookieFor(all, false)) as string, /=[\w-]+; Path=\/; Domain=example.com; Max-Age=3600; SameSite=Strict; Secure$/);
    await program.apply(rules({ secure: false }));
    assert.match((await cookieFor({}, true)) as string, /; Path=\/shop; HttpOnly$/);
    await program.apply(rules({ sameSite: 'None' }));
    assert.match((await cookieFor({}, false)) as string, /; SameSite=None; Secure$/);
  });

  it('an upgraded connection begins a session too', async (t) => {
    const backend = await HeldBackend.start(t);
    await using program = await Program.start(ingressClass + service('s', backend.port) + sticky());
    const client = await dial(program.httpPort);
    t.after(() => client.destroy());
    client.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`);
    const [head] = (await once(client, 'data')) as [Buffer];
    assert.match(String(head), /^HTTP\/1\.1 101 .*\r\nset-cookie: smartproxy-session=[\w-]+; Path=\/; HttpOnly\r\n/is);
  });

  it('affinity does it for an Ingress, with nginx names', async (t) => {
    const backends = await named(t, 'a', 'b', 'c');
    const annotations = { 'smartproxy.dev/affinity': 'cookie', 'smartproxy.dev/session-cookie-max-age': '600' };
    await using program = await Program.start(
      ingressClass + service('s', ...ports(backends)) + ingress('shop', { rules: { [host]: [['/app', 'Prefix', 's']] }, annotations }),
    );
    const first = await program.ask(host, '/app/x');
    const { value, text } = cookieOf(first)!;
    assert.match(text, /^INGRESSCOOKIE=[\w-]+; Path=\/app; Max-Age=600; HttpOnly$/);
    for (let n = 0; n < 4; n++) assert.equal((await program.ask(host, '/app', { headers: { cookie: value } })).body, first.body);
    assert.deepEqual(program.problems, []);
    const balanced = {
      'smartproxy.dev/affinity': 'cookie',
      'smartproxy.dev/affinity-mode': 'balanced',
      'smartproxy.dev/session-cookie-expires': '60',
    };
    await program.apply(ingress('shop', { rules: { [host]: [['/app', 'Prefix', 's']] }, annotations: balanced }));
    assert.deepEqual(program.problems, []);
    const begun = await program.ask(host, '/app');
    const session = cookieOf(begun)!;
    assert.match(session.text, /^INGRESSCOOKIE=[\w-]{16}; Path=\/app; Max-Age=60; HttpOnly$/);
    for (let n = 0; n < 4; n++) assert.equal((await program.ask(host, '/app', { headers: { cookie: session.value } })).body, begun.body);
  });
});

describe('slow start, objects in and real sockets out', () => {
  it('tcp.loadBalancing.slowStart gives an endpoint that becomes ready little at first and its share in the end', async (t) => {
    const [a, b] = [await TcpBackend.named('a'), await TcpBackend.named('b')];
    t.after(() => Promise.all([a, b].map((backend) => backend[Symbol.asyncDispose]())));
    const listeners = smartProxyConfig({ listeners: [{ name: 'mail', port: await freePort(), protocol: 'TCP' }] });
    const tcp = (slowStart: string): string => {
      const backends = [{ name: 's', port: { name: 'web' } }];
      return smartRoute('mail', { listeners: ['mail'], tcp: { loadBalancing: { slowStart }, backends } });
    };
    await using program = await Program.start(listeners + service('s', a.port) + tcp('1h'));
    assert.deepEqual(program.problems, []);
    /** How many of so many connections came to `b`. */
    const shareOfB = async (connections: number): Promise<number> => {
      let found = 0;
      for (let n = 0; n < connections; n++) {
        using talk = new TcpTalk(program.ports.get('mail') ?? 0);
        await talk.until('\n');
        if (talk.text === 'b\n') found++;
      }
      return found;
    };
    await program.apply(service('s', a.port, b.port));
    const early = await shareOfB(100);
    // A tenth of what the other gets, with room for chance: none in a hundred is one run in ten thousand.
    assert.ok(early < 30, `${early}`);
    await program.apply(service('s', a.port));
    await program.apply(tcp('1s'));
    await program.apply(service('s', a.port, b.port));
    await eventually('both have the same share', async () => (await shareOfB(20)) === 10);
  });

  it('slowStart gives an endpoint that becomes ready little at first and its share in the end', async (t) => {
    const [a, b] = (await named(t, 'a', 'b')) as [NamedBackend, NamedBackend];
    await using program = await Program.start(ingressClass + service('s', a.port) + route({ type: 'RoundRobin', slowStart: '1h' }));
    await program.apply(service('s', a.port, b.port));
    const requests = 200;
    for (let n = 0; n < requests; n++) await program.ask(host, '/');
    // A tenth of what the other gets, with room for chance.
    assert.ok(b.seen.length > 0 && b.seen.length < requests / 4, `${b.seen.length}`);
    await program.apply(service('s', a.port));
    await program.apply(route({ type: 'RoundRobin', slowStart: '1s' }));
    await program.apply(service('s', a.port, b.port));
    await eventually('both have the same share', async () => {
      const before = b.seen.length;
      for (let n = 0; n < 20; n++) await program.ask(host, '/');
      return b.seen.length - before === 10;
    });
  });
});
