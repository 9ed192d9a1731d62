import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { reasonOfSocketError, terminationReasons } from '../../../src/observability/counters/termination-reason.ts';
import { outcomeOf } from '../../../src/smartproxy/cleanup-outcome.ts';

const reasons = {
  ECONNRESET: 'econnreset',
  ETIMEDOUT: 'etimedout',
  EPIPE: 'epipe',
  ECONNREFUSED: 'econnrefused',
  EHOSTUNREACH: 'ehostunreach',
  ENETUNREACH: 'enetunreach',
  EADDRNOTAVAIL: 'eaddrnotavail',
  EMFILE: 'emfile',
  ENFILE: 'emfile',
  ESOMETHING: 'error',
};

for (const [code, reason] of Object.entries(reasons)) {
  test(`a socket error ${code} has the reason ${reason}`, () => assert.equal(reasonOfSocketError({ code }), reason));
}

test('a socket error without a code, or with a name of the object prototype for one, has the reason error', () => {
  for (const code of [undefined, 'constructor', 'toString']) assert.equal(reasonOfSocketError({ code }), 'error');
});

test('a connection ends in order, unless its reason is one that leaves nobody to be polite to', () => {
  const abrupt = terminationReasons.filter((reason) => outcomeOf(reason) !== 'graceful');
  assert.deepEqual(abrupt, [
    'error',
    'econnreset',
    'etimedout',
    'epipe',
    'initial_timeout',
    'handshake_timeout',
    'handshake_limit',
    'write_timeout',
    'rejected',
    'ip_blocked',
    'ip_limit',
    'route_limit',
    'rate_limited',
    'proxy_header_invalid',
    'unauthenticated_loopback',
    'nftables_handled',
    'killed',
    'shutdown',
    'zombie_cleanup',
  ]);
});

test('nothing that carries traffic makes a blocking call: no file, no child process, no synchronous cipher or compression', () => {
  // The kernel's rules are the main process's business.
  const isOfMain = (file: string): boolean => file.includes('/nftables/');
  const files = globSync('src/{smartproxy,networkproxy,balancing,routes,workers}/**/*.ts').filter((file) => !isOfMain(file));
  assert.ok(files.length > 30);
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    assert.doesNotMatch(text, /from '[^']*\/nftables\//, `${file} knows nothing of the kernel's rules`);
    if (file.startsWith('src/workers/')) continue;
    assert.doesNotMatch(text, /from 'node:(?:fs|child_process)|\b\w+Sync\(/, file);
  }
});
