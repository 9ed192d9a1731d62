import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AccessLog } from '../../../src/observability/access-log.ts';
import type { ConnectionLogEntry, LoggedHead, RequestLogFacts, SessionLogEntry } from '../../../src/observability/access-log-entry.ts';
import type { TerminationReason } from '../../../src/observability/counters/termination-reason.ts';
import { LineWriter } from '../../../src/observability/line-writer.ts';

async function written(
  what: 'all' | 'errors',
  format: 'json' | 'ingress-nginx',
  use: (log: AccessLog) => void,
): Promise<readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), 'access-log-'));
  const fd = openSync(join(dir, 'log'), 'a');
  try {
    const log = new AccessLog(new LineWriter(fd), { mode: what, format });
    use(log);
    await log.close(10_000);
    return readFileSync(join(dir, 'log'), 'utf8').split('\n').slice(0, -1);
  } finally {
    closeSync(fd);
    rmSync(dir, { recursive: true });
  }
}

async function logged(what: 'all' | 'errors', use: (log: AccessLog) => void): Promise<readonly Record<string, unknown>[]> {
  return (await written(what, 'json', use)).map((line) => JSON.parse(line));
}

function request(changes: Partial<RequestLogFacts> = {}): RequestLogFacts {
  return {
    id: 'c1',
    requestId: 'r1',
    status: 200,
    flag: undefined,
    protocol: 'HTTP/1.1',
    remoteAddress: '192.0.2.1',
    user: undefined,
    service: 'shop/web:80#abc',
    endpoint: '10.0.0.1:8080',
    bytesReceived: 0,
    bytesSent: 5,
    durationMs: 1.234567,
    connectMs: 0.1,
    firstByteMs: undefined,
    ...changes,
  };
}

const head: LoggedHead = { method: 'GET', target: '/a?b=c', headers: ['referer', 'https://a.example/"x"', 'user-agent', 'curl/8 \xe9'] };

function connection(changes: Partial<ConnectionLogEntry> = {}): ConnectionLogEntry {
  return {
    id: 'c1',
    layer4: true,
    proxied: undefined,
    listener: 'https',
    remoteAddress: '192.0.2.1',
    remotePort: 4711,
    serverName: 'db.example.com',
    route: undefined,
    service: 'shop/db:5432',
    endpoint: '10.0.0.1:5432',
    side: 'client',
    reason: 'normal',
    bytesReceived: 1,
    bytesSent: 2,
    durationMs: 3.00049,
    ...changes,
  };
}

test('AccessLog: one JSON line for a request, times to a microsecond', async () => {
  const [line, ...others] = await logged('all', (log) => log.request(request(), head));
  assert.deepEqual(others, []);
  assert.ok(line);
  assert.match(String(line.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(
    { ...line, time: '' },
    {
      ...JSON.parse(JSON.stringify(request())),
      time: '',
      type: 'request',
      durationMs: 1.235,
    },
  );
});

test('AccessLog: connections that had requests are not logged again unless they ended badly', async () => {
  const lines = await logged('all', (log) => {
    log.connection(connection({ id: 'passthrough' }));
    log.connection(connection({ id: 'http', layer4: false }));
    log.connection(connection({ id: 'refused', layer4: false, reason: 'ip_blocked' }));
  });
  assert.deepEqual(
    lines.map(({ type, id }) => [type, id]),
    [
      ['connection', 'passthrough'],
      ['connection', 'refused'],
    ],
  );
});

test('AccessLog: errors are statuses from 400, answers without a status, faults of ours and bad endings', async () => {
  const lines = await logged('errors', (log) => {
    log.request(request({ id: 'ok' }), head);
    log.request(request({ id: 'redirected', status: 308, flag: 'redirect_https' }), head);
    log.request(request({ id: 'not found', status: 404 }), head);
    log.request(request({ id: 'no head', status: 0 }), head);
    log.request(request({ id: 'cut', flag: 'upstream_truncated' }), head);
    log.connection(connection({ id: 'fine' }));
    log.connection(connection({ id: 'idle', reason: 'inactivity' }));
    log.connection(connection({ id: 'reset', reason: 'econnreset' }));
  });
  assert.deepEqual(
    lines.map(({ id }) => id),
    ['not found', 'no head', 'cut', 'reset'],
  );
});

/** How users of ingress-nginx read its default line (`log-format-upstream`). */
const upstreamInfo =
  /^(\S+) - (\S+) \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)" (\d+) (\d+\.\d{3}) \[([^\]]*)\] \[([^\]]*)\] (\S+) (\S+) (\S+) (\S+) (\S+)$/;

test('AccessLog: a connection of ingress-nginx’s stream format has the status that nginx would give it', async () => {
  const rows: readonly (readonly [status: number, ...reasons: readonly TerminationReason[]])[] = [
    [200, 'normal', 'inactivity', 'econnreset', 'route_removed', 'killed', 'drain'],
    [400, 'proxy_header_invalid', 'protocol_error', 'handshake_failed', 'initial_timeout'],
    [403, 'ip_blocked', 'maintenance', 'no_route', 'no_sni'],
    [500, 'worker_lost'],
    [502, 'econnrefused', 'ehostunreach', 'enetunreach', 'dial_timeout', 'upstream_failed', 'no_endpoints'],
    [503, 'route_limit', 'ip_limit', 'upstream_limit', 'rate_limited', 'rejected', 'handshake_limit', 'overload'],
  ];
  for (const [status, ...reasons] of rows) {
    const lines = await written('all', 'ingress-nginx', (log) => {
      for (const reason of reasons) log.connection(connection({ reason, durationMs: 15.3 }));
    });
    const shown = lines.map((line) => /^\[192\.0\.2\.1\] \[[^\]]+\] TCP (\d{3}) 2 1 0\.015$/.exec(line)?.[1]);
    assert.deepEqual(shown, Array(reasons.length).fill(String(status)), reasons.join());
  }
});

test('AccessLog: the line of ingress-nginx, escaped as nginx does', async () => {
  const [line = '', own = '', early = '', ...others] = await written('all', 'ingress-nginx', (log) => {
    log.request(request({ user: 'al ice', bytesReceived: 7, durationMs: 1234.6 }), head);
    log.request(request({ service: undefined, endpoint: undefined, status: 404, flag: 'no_host', protocol: 'HTTP/2' }), {
      ...head,
      headers: [],
    });
    log.request(request({ service: undefined, endpoint: undefined, status: 0, flag: 'client_gone' }), {
      method: '',
      target: '',
      headers: [],
    });
  });
  assert.deepEqual(others, []);
  const fields = upstreamInfo.exec(line.replace('al ice', 'al_ice'))?.slice(1);
  assert.ok(fields, line);
  const length = 'GET /a?b=c HTTP/1.1\r\n'.length + 'referer: https://a.example/"x"\r\n'.length + 'user-agent: curl/8 x\r\n'.length + 2 + 7;
  assert.deepEqual(
    [fields[0], fields[1], ...fields.slice(3)],
    [
      ...[
        '192.0.2.1',
        'al_ice',
        'GET /a?b=c HTTP/1.1',
        '200',
        '5',
        'https://a.example/\\x22x\\x22',
        'curl/8 \\xE9',
        String(length),
        '1.235',
      ],
      ...['shop-web-80', '', '10.0.0.1:8080', '5', '1.235', '200', 'r1'],
    ],
  );
  assert.match(own, /"GET \/a\?b=c HTTP\/2\.0" 404 5 "-" "-" \d+ 0\.001 \[\] \[\] - - - - r1$/);
  assert.match(early, /" 000 5|"" 000 5/);
});

test('AccessLog: a backend that failed has sent nothing in the line of ingress-nginx, whatever the client got in its place', async () => {
  const lines = await written('all', 'ingress-nginx', (log) => {
    log.request(request({ status: 504, flag: 'upstream_timeout' }), head);
    log.request(request({ status: 200, flag: 'upstream_truncated' }), head);
    log.request(request({ status: 502, flag: undefined }), head);
  });
  const passed = lines.map((line) => / 10\.0\.0\.1:8080 (\d+) \S+ \d+ r1$/.exec(line)?.[1]);
  assert.deepEqual(passed, ['0', '5', '5']);
  const failed = { endpoint: '10.0.0.1:80', status: 504, durationMs: 1000 };
  const page = (status: number) => ({ endpoint: '10.0.0.9:80', status, durationMs: 1, page: true as const });
  const [answered, unanswered] = await written('all', 'ingress-nginx', (log) => {
    log.request(request({ status: 200, flag: 'upstream_timeout', attempts: [failed, page(200)] }), head);
    log.request(request({ status: 504, flag: 'upstream_timeout', attempts: [failed, page(502)] }), head);
  });
  assert.match(String(answered), / 0 : 5 1\.000 : 0\.001 504 : 200 r1$/, 'the page is an answer');
  assert.match(String(unanswered), / 0 : 0 1\.000 : 0\.001 504 : 502 r1$/);
});

test('AccessLog: several attempts are lists in the line of ingress-nginx, and an error page is set apart', async () => {
  const attempts = [
    { endpoint: '10.0.0.1:80', status: 502, durationMs: 0.4 },
    { endpoint: '10.0.0.2:80', status: 503, durationMs: 12.6 },
    { endpoint: '10.0.0.9:80', status: 504, durationMs: 1000, page: true },
    { endpoint: '[2001:db8::1]:80', status: 200, durationMs: 4, page: true },
  ] as const;
  const [retried, paged] = await written('all', 'ingress-nginx', (log) => {
    log.request(request({ attempts: attempts.slice(0, 2), status: 503 }), head);
    log.request(request({ attempts }), head);
  });
  assert.match(String(retried), / 10\.0\.0\.1:80, 10\.0\.0\.2:80 0, 5 0\.000, 0\.013 502, 503 r1$/);
  const lists = [
    '10.0.0.1:80, 10.0.0.2:80 : 10.0.0.9:80, [2001:db8::1]:80',
    '0, 0 : 0, 5',
    '0.000, 0.013 : 1.000, 0.004',
    '502, 503 : 504, 200',
  ];
  assert.ok(paged?.endsWith(` ${lists.join(' ')} r1`) === true, String(paged));
});

test('AccessLog: connections in the stream format of ingress-nginx', async () => {
  const lines = await written('all', 'ingress-nginx', (log) => {
    log.connection(connection());
    log.connection(connection({ reason: 'no_endpoints' }));
    log.connection(connection({ reason: 'rate_limited' }));
  });
  assert.deepEqual(
    lines.map((line) => /^\[192\.0\.2\.1\] \[\d\d\/\w{3}\/\d{4}:[\d:]{8} \+0000\] TCP (\d{3}) 2 1 0\.003$/.exec(line)?.[1]),
    ['200', '502', '503'],
  );
});

function session(changes: Partial<SessionLogEntry> = {}): SessionLogEntry {
  return {
    id: 't-u1',
    listener: 'dns',
    remoteAddress: '192.0.2.1',
    remotePort: 5,
    route: 'SmartRoute net/dns dns',
    service: 'net/dns:53/udp',
    endpoint: '10.0.0.1:53',
    reason: 'idle',
    bytesReceived: 1,
    bytesSent: 2,
    durationMs: 15.0001,
    ...changes,
  };
}

const nowhere = { service: undefined, endpoint: undefined };

test('a UDP session is a line of its own, and of errors those alone that ended otherwise than by silence, or reached nobody', async () => {
  const entries = [
    session(),
    session({ reason: 'shutdown' }),
    session(nowhere),
    session({ reason: 'ip_blocked' }),
    session({ reason: 'killed' }),
  ];
  const use = (log: AccessLog): void => {
    for (const entry of entries) log.session(entry);
  };
  const all = await logged('all', use);
  assert.deepEqual({ ...all[0], time: '' }, { time: '', type: 'session', ...session(), durationMs: 15 });
  assert.equal(all.length, 5);
  assert.deepEqual(
    (await logged('errors', use)).map(({ reason }) => reason),
    ['idle', 'ip_blocked', 'killed'],
  );
  const lines = await written('all', 'ingress-nginx', use);
  assert.deepEqual(
    lines.map((line) => /^\[192\.0\.2\.1\] \[[^\]]+\] UDP (\d{3}) 2 1 0\.015$/.exec(line)?.[1]),
    ['200', '200', '502', '403', '200'],
  );
});
