import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AccessLog, type ConnectionLogEntry, type RequestLogFacts } from '../../../src/observability/access-log.ts';
import { LineWriter } from '../../../src/observability/line-writer.ts';

async function logged(what: 'all' | 'errors', use: (log: AccessLog) => void): Promise<Record<string, unknown>[]> {
  const dir = mkdtempSync(join(tmpdir(), 'access-log-'));
  const fd = openSync(join(dir, 'log'), 'a');
  try {
    const log = new AccessLog(new LineWriter(fd), what);
    use(log);
    await log.close(10_000);
    return readFileSync(join(dir, 'log'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  } finally {
    closeSync(fd);
    rmSync(dir, { recursive: true });
  }
}

function request(changes: Partial<RequestLogFacts> = {}): RequestLogFacts {
  return { id: 'c1', status: 200, flag: undefined, durationMs: 1.234567, connectMs: 0.1, firstByteMs: undefined, ...changes };
}

function connection(changes: Partial<ConnectionLogEntry> = {}): ConnectionLogEntry {
  return {
    id: 'c1',
    layer4: true,
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
  const [line, ...others] = await logged('all', (log) => log.request(request()));
  assert.deepEqual(others, []);
  assert.ok(line);
  assert.match(String(line.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual({ ...line, time: '' }, { time: '', type: 'request', id: 'c1', status: 200, durationMs: 1.235, connectMs: 0.1 });
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
    log.request(request({ id: 'ok' }));
    log.request(request({ id: 'redirected', status: 308, flag: 'redirect_https' }));
    log.request(request({ id: 'not found', status: 404 }));
    log.request(request({ id: 'no head', status: 0 }));
    log.request(request({ id: 'cut', flag: 'upstream_truncated' }));
    log.connection(connection({ id: 'fine' }));
    log.connection(connection({ id: 'idle', reason: 'inactivity' }));
    log.connection(connection({ id: 'reset', reason: 'econnreset' }));
  });
  assert.deepEqual(
    lines.map(({ id }) => id),
    ['not found', 'no head', 'cut', 'reset'],
  );
});
