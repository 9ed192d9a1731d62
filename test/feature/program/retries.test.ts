import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { forwardTo, ingress, ingressClass, service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { type AskOptions, Program } from '../../tools/program.ts';

const host = 'shop.example.com';

/** What a backend does with one request. */
type Act = (response: ServerResponse, request: IncomingMessage) => void;

const fine: Act = (response) => response.end('fine');
const says =
  (status: number): Act =>
  (response) =>
    response.writeHead(status).end(`says ${status}`);
const resets: Act = (response) => response.destroy();
const silent: Act = () => {};

/** A backend that acts out a script, a line for each request, and is fine after it. */
class ScriptedBackend {
  readonly bodies: string[] = [];
  readonly #acts: Act[];
  readonly #server: Server;

  static async start(t: TestContext, script: readonly Act[]): Promise<ScriptedBackend> {
    const backend = new ScriptedBackend(script);
    backend.#server.listen(0, '127.0.0.1');
    await once(backend.#server, 'listening');
    t.after(() => {
      backend.#server.closeAllConnections();
      backend.#server.close();
    });
    return backend;
  }

  private constructor(script: readonly Act[]) {
    this.#acts = [...script];
    this.#server = createServer((request, response) => {
      const act = this.#acts.shift() ?? fine;
      if (act === resets) {
        act(response, request);
        this.bodies.push('');
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.once('end', () => {
        this.bodies.push(String(Buffer.concat(chunks)));
        act(response, request);
      });
    });
  }

  answerNext(act: Act): void {
    this.#acts.splice(0, this.#acts.length, act);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
}

function route(policy: object): string {
  return smartRoute('shop', { hosts: [host], policy, http: { rules: [{ name: 'all', action: forwardTo('s') }] } });
}

/** One request to a backend with a script, by a route with this policy. */
async function asked(t: TestContext, script: readonly Act[], policy: object, options: AskOptions = {}) {
  const backend = await ScriptedBackend.start(t, script);
  await using program = await Program.start(ingressClass + service('s', backend.port) + route(policy));
  const answer = await program.ask(host, '/', options);
  const { upstreamRetries } = program.dataPlane.snapshot();
  const [line] = await program.finish();
  return { status: answer.status, body: answer.body, retries: upstreamRetries, bodies: backend.bodies, line };
}

const post = (bytes: number): AskOptions => ({ method: 'POST', body: 'x'.repeat(bytes), headers: { 'content-length': String(bytes) } });

describe('retries, objects in and real sockets out', () => {
  it('statuses give an answer up for another attempt, and the last one counts', async (t) => {
    const retries = { attempts: 2, statuses: [503] };
    const saved = await asked(t, [says(503), says(503)], { retries });
    assert.deepEqual([saved.status, saved.body, saved.retries], [200, 'fine', 2]);
    const lost = await asked(t, [says(503), says(503), says(503)], { retries });
    assert.deepEqual([lost.status, lost.body, lost.retries], [503, 'says 503', 2]);
    const other = await asked(t, [says(502)], { retries });
    assert.deepEqual([other.status, other.retries], [502, 0]);
    const never = await asked(t, [says(503)], { retries: { attempts: 2 } });
    assert.deepEqual([never.status, never.retries], [503, 0]);
  });

  it('attempts are as many as --retries says where only the rest is said, whatever the object or the installation says', async (t) => {
    const failing = Array<Act>(100).fill(says(503));
    const backend = await ScriptedBackend.start(t, failing);
    const policy = { retries: { attempts: 7 } };
    const rule = (name: string, retries?: object) => {
      const matches = [{ path: { type: 'Prefix', value: `/${name}` } }];
      return { name, matches, ...(retries && { policy: { retries } }), action: forwardTo('s') };
    };
    const rules = [rule('rest', { statuses: [503] }), rule('all', { attempts: 1, statuses: [503] }), rule('inherits')];
    const objects =
      smartProxyConfig({ defaults: { policy: { retries: { attempts: 3, statuses: [503] } } } }) +
      service('s', backend.port) +
      smartRoute('shop', { hosts: [host], policy, http: { rules } }) +
      smartRoute('other', { hosts: ['other.test'], policy: { retries: { statuses: [503] } }, http: { rules: [rule('own')] } }) +
      smartRoute('bare', { hosts: ['bare.test'], http: { rules: [rule('none')] } });
    for (const [flags, byOption] of [
      [[], 2],
      [['--retries', '1'], 1],
    ] as const) {
      await using program = await Program.start(objects, flags);
      const tries = async (name: string, path: string) => {
        const before = backend.bodies.length;
        await program.ask(name, path);
        return backend.bodies.length - before - 1;
      };
      assert.deepEqual(program.problems, []);
      assert.deepEqual([await tries(host, '/rest'), await tries('other.test', '/own')], [byOption, byOption]);
      assert.deepEqual([await tries(host, '/all'), await tries(host, '/inherits'), await tries('bare.test', '/none')], [1, 0, 3]);
    }
  });

  it('an attempt goes to another endpoint where there is one', async (t) => {
    const [bad, good] = [await ScriptedBackend.start(t, Array<Act>(20).fill(says(503))), await ScriptedBackend.start(t, [])];
    const objects = ingressClass + service('s', bad.port, good.port) + route({ retries: { attempts: 1, statuses: [503] } });
    await using program = await Program.start(objects);
    for (let n = 0; n < 6; n++) assert.equal((await program.ask(host, '/')).body, 'fine');
    assert.equal(good.bodies.length, 6);
  });

  it('conditions Reset and Timeout tries again what got no answer', async (t) => {
    const read = { timeouts: { read: '200ms' } };
    const reset = await asked(t, [resets], { retries: { attempts: 1, conditions: ['Reset'] } });
    assert.deepEqual([reset.status, reset.retries], [200, 1]);
    const late = await asked(t, [silent], { ...read, retries: { attempts: 1, conditions: ['Timeout'] } });
    assert.deepEqual([late.status, late.retries], [200, 1]);
    const wrong = await asked(t, [silent], { ...read, retries: { attempts: 1, conditions: ['Reset'] } });
    assert.deepEqual([wrong.status, wrong.retries], [504, 0]);
    const neither = await asked(t, [resets], { retries: { attempts: 1 } });
    assert.deepEqual([neither.status, neither.retries], [502, 0]);
  });

  it('nonIdempotent is for POST too, whose body goes out again while it is kept', async (t) => {
    const retries = { attempts: 1, statuses: [503] };
    const refused = await asked(t, [says(503)], { retries }, post(10));
    assert.deepEqual([refused.status, refused.bodies.length], [503, 1]);
    const put = await asked(t, [says(503)], { retries }, { ...post(10), method: 'PUT' });
    assert.deepEqual([put.status, put.bodies], [200, ['x'.repeat(10), 'x'.repeat(10)]]);
    const again = await asked(t, [says(503)], { retries: { ...retries, nonIdempotent: true } }, post(60_000));
    assert.deepEqual([again.status, again.bodies.map(({ length }) => length)], [200, [60_000, 60_000]]);
    const large = await asked(t, [says(503)], { retries: { ...retries, nonIdempotent: true } }, post(200_000));
    assert.deepEqual([large.status, large.bodies.map(({ length }) => length)], [503, [200_000]]);
  });

  it('perTryTimeout ends an attempt for the next, and the last with 504', async (t) => {
    const retries = { attempts: 1, perTryTimeout: '200ms' };
    const saved = await asked(t, [silent], { retries });
    assert.deepEqual([saved.status, saved.retries], [200, 1]);
    const lost = await asked(t, [silent, silent], { retries });
    assert.deepEqual([lost.status, lost.retries, lost.line?.flag, lost.line?.detail], [504, 1, 'upstream_timeout', 'perTryTimeout']);
  });

  it('backOff waits before a retry, which does not come when the client has left', async (t) => {
    const backend = await ScriptedBackend.start(t, [says(503), says(503)]);
    const retries = { attempts: 2, statuses: [503], backOff: '200ms' };
    await using program = await Program.start(ingressClass + service('s', backend.port) + route({ retries }));
    const startMs = performance.now();
    assert.equal((await program.ask(host, '/')).status, 200);
    // At least half of 200 ms, then of 400 ms.
    assert.ok(performance.now() - startMs >= 300);
    await program.apply(route({ retries: { ...retries, backOff: '1m' } }));
    const retried = program.dataPlane.snapshot().upstreamRetries;
    backend.answerNext(says(503));
    const leaver = connect(program.httpPort, '127.0.0.1');
    leaver.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    await eventually('the backend has answered', () => backend.bodies.length === 4);
    await eventually('the answer is given up', () => program.dataPlane.snapshot().upstreamActive === 0);
    leaver.resetAndDestroy();
    await eventually('nobody waits', () => program.dataPlane.snapshot().connectionsActive === 0);
    assert.equal(program.dataPlane.snapshot().upstreamRetries, retried);
    const lines = await program.finish();
    assert.ok(lines.some(({ flag }) => flag === 'client_gone'));
  });

  it('grpcStatuses are those of calls that end without a message', async (t) => {
    let calls = 0;
    const server = createHttp2();
    server.on('stream', (stream: ServerHttp2Stream) => {
      const status = ++calls === 1 ? '14' : '5';
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status }, { endStream: true });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const policy = { backend: { protocol: 'H2C' }, retries: { attempts: 3, grpcStatuses: ['UNAVAILABLE'] } };
    await using program = await Program.start(ingressClass + service('s', (server.address() as AddressInfo).port) + route(policy));
    const answer = await program.ask(host, '/');
    assert.deepEqual([answer.headers['grpc-status'], calls], ['5', 2]);
  });

  it('timeouts.request bounds all attempts together, and the answer', async (t) => {
    const timeouts = { request: '300ms' };
    const late = await asked(t, [silent], { timeouts });
    assert.deepEqual([late.status, late.line?.flag, late.line?.detail], [504, 'deadline_exceeded', 'timeouts.request']);
    const tries = await asked(t, Array<Act>(20).fill(silent), { timeouts, retries: { attempts: 10, perTryTimeout: '100ms' } });
    assert.equal(tries.line?.flag, 'deadline_exceeded');
    const begins: Act = (response) => response.writeHead(200, { 'content-length': '10' }).write('half');
    const backend = await ScriptedBackend.start(t, [begins]);
    await using program = await Program.start(ingressClass + service('s', backend.port) + route({ timeouts }));
    await assert.rejects(program.ask(host, '/'));
    const [line] = await program.finish();
    assert.deepEqual([line?.flag, line?.detail], ['deadline_exceeded', 'timeouts.request']);
  });

  it('all attempts are in the log, in their order, with the status and the time of each', async (t) => {
    const policy = { retries: { attempts: 2, statuses: [503], conditions: ['Reset'] } };
    const { line, status } = await asked(t, [says(503), resets, says(200)], policy);
    const attempts = line?.attempts as readonly { endpoint: string; status: number; durationMs: number }[];
    assert.deepEqual([status, attempts.map((attempt) => attempt.status)], [200, [503, 502, 200]]);
    assert.ok(attempts.every(({ endpoint, durationMs }) => endpoint === line?.endpoint && durationMs >= 0));
    const sumMs = attempts.reduce((sum, { durationMs }) => sum + durationMs, 0);
    assert.ok(sumMs <= (line?.durationMs as number) + 1, 'each from its own beginning');
    assert.equal((await asked(t, [says(200)], policy)).line?.attempts, undefined, 'one says nothing of it');
  });

  it('next-upstream and request-timeout do it for an Ingress', async (t) => {
    const backend = await ScriptedBackend.start(t, [says(503), resets, says(500), silent]);
    const annotations = { 'smartproxy.dev/next-upstream': 'error http_503 non_idempotent', 'smartproxy.dev/request-timeout': '300ms' };
    await using program = await Program.start(
      ingressClass + service('s', backend.port) + ingress('shop', { rules: { [host]: [['/', 'Prefix', 's']] }, annotations }),
    );
    const answer = await program.ask(host, '/', post(3));
    assert.deepEqual([answer.status, backend.bodies], [500, ['xxx', '', 'xxx']]);
    assert.equal((await program.ask(host, '/')).status, 504);
    assert.deepEqual(program.problems, []);
  });
});
