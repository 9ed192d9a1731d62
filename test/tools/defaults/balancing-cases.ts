import type { TestContext } from 'node:test';
import { eventually } from '../eventually.ts';
import { HeldBackend } from '../held-backend.ts';
import { service } from '../manifests.ts';
import { NamedBackend } from '../named-backend.ts';
import type { Program } from '../program.ts';
import { type DefaultCase, host } from './default-case.ts';

/** How many of `requests` of one user come to each of two endpoints while none is answered, the fewer first. */
async function heldOf(start: (endpoints: readonly number[]) => Promise<Program>, t: TestContext, requests: number): Promise<number[]> {
  const backends = [await HeldBackend.start(t), await HeldBackend.start(t)];
  const program = await start(backends.map(({ port }) => port));
  const held = (): number[] => backends.map((backend) => backend.held.length).sort();
  for (let n = 1; n <= requests; n++) {
    program.ask(host, '/held', { headers: { 'x-user': 'one' } }).catch(() => {});
    await eventually('it is held', () => held().reduce((sum, count) => sum + count) === n);
  }
  return held();
}

/** The cookie that begins a session, its value by its length, and who answers the client that has it. */
async function sessionOf(start: (endpoints: readonly number[]) => Promise<Program>, t: TestContext): Promise<readonly unknown[]> {
  const backends = await Promise.all(['a', 'b'].map((name) => NamedBackend.start(name)));
  t.after(() => Promise.all(backends.map((backend) => backend[Symbol.asyncDispose]())));
  const program = await start(backends.map(({ port }) => port));
  const first = await program.ask(host, '/');
  const [text = ''] = first.headers['set-cookie'] ?? [];
  const cookie = text.replace(/;.*/, '');
  const answers = [first.body];
  for (let n = 0; n < 4; n++) answers.push((await program.ask(host, '/', { headers: { cookie } })).body);
  return [text.replace(/[\w-]{16,}/, ({ length }) => String(length)), new Set(answers).size];
}

/** Defaults for how endpoints are chosen. */
export const balancingCases: readonly DefaultCase[] = [
  {
    loadBalancing: { type: 'ConsistentHash', hash: { type: 'Header', name: 'X-User', maxLoadPercent: 101 } },
    flags: ['--load-balancing=round-robin'],
    look: (start, t) => heldOf(start, t, 4),
    without: [2, 2],
    // The third would have made three of three, where two is the bound.
    with: [1, 3],
  },
  {
    loadBalancing: { type: 'RoundRobin', slowStart: '1h' },
    flags: ['--load-balancing=round-robin'],
    look: async (start, t) => {
      const backends = await Promise.all(['a', 'b'].map((name) => NamedBackend.start(name)));
      t.after(() => Promise.all(backends.map((backend) => backend[Symbol.asyncDispose]())));
      const [a, b] = backends as [NamedBackend, NamedBackend];
      const program = await start([a.port]);
      await program.apply(service('s', a.port, b.port));
      for (let n = 0; n < 60; n++) await program.ask(host, '/');
      // A tenth of what the other gets, with room for chance.
      return b.seen.length < 25;
    },
    without: false,
    with: true,
  },
  {
    loadBalancing: {
      sessionCookie: {
        ...{ mode: 'Persistent', name: 'sid', path: '/app', domain: 'shop.test', maxAge: '1h' },
        ...{ secure: true, httpOnly: false, sameSite: 'Strict' },
      },
    },
    flags: ['--load-balancing=round-robin'],
    look: sessionOf,
    without: ['', 2],
    with: ['sid=22; Path=/app; Domain=shop.test; Max-Age=3600; SameSite=Strict; Secure', 1],
  },
  {
    loadBalancing: { sessionCookie: { mode: 'Balanced', name: 'sid' } },
    look: sessionOf,
    with: ['sid=16; Path=/; HttpOnly', 1],
  },
];
