import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments } from '../../../src/config/arguments.ts';
import type { Config } from '../../../src/config/config.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import type { System } from '../../../src/config/system.ts';
import { SmartProxyError } from '../../../src/errors.ts';

const machine: System = { env: {}, inPod: false, hostname: 'box', home: '/home/me', hasIpv6: true, podNamespace: undefined };

function resolve(args: readonly string[], system: Partial<System> = {}) {
  return resolveConfig(parseArguments(args).texts, { ...machine, ...system });
}

function config(args: readonly string[], system: Partial<System> = {}): Config {
  return resolve(args, system).config;
}

function refuses(args: readonly string[], message: RegExp, system: Partial<System> = {}) {
  assert.throws(
    () => resolve(args, system),
    (error) => error instanceof SmartProxyError && error.code === 'CONFIG_INVALID' && message.test(error.message),
    args.join(' '),
  );
}

test('configuration: with manifests everything that is not traffic stays on loopback and ends fast', () => {
  const { statusAddress, adminAddress, drainDelayMs, drainTimeoutMs, publishedHttpPort, httpPort, stateDir } = config(['--manifests', 'x']);
  assert.deepEqual([statusAddress, adminAddress, drainDelayMs, drainTimeoutMs], ['127.0.0.1', '127.0.0.1', 0, 5000]);
  assert.deepEqual([httpPort, publishedHttpPort], [8080, undefined]);
  assert.equal(stateDir, '/home/me/.local/state/smartproxy-ingress');
});

test('configuration: in a pod the pod address serves status, ports 80 and 443 are published, draining takes its time', () => {
  const result = config([], { inPod: true, podNamespace: 'edge', env: { POD_NAME: 'ingress-0' } });
  assert.deepEqual([result.statusAddress, result.adminAddress, result.addresses], ['::', '127.0.0.1', ['::']]);
  assert.deepEqual([result.publishedHttpPort, result.publishedHttpsPort], [80, 443]);
  assert.deepEqual([result.drainDelayMs, result.drainTimeoutMs], [5000, 240_000]);
  assert.deepEqual([result.podNamespace, result.podName, result.stateDir], ['edge', 'ingress-0', '/var/lib/smartproxy-ingress']);
});

test('configuration: the result is frozen', () => {
  assert.ok(Object.isFrozen(config(['--manifests', 'x'])));
});

test('configuration: a flag wins over the environment, which wins over the default', () => {
  const env = { SMARTPROXY_HTTP_PORT: '81', SMARTPROXY_HTTPS_PORT: '444' };
  const result = config(['--manifests', 'x', '--http-port', '82'], { env });
  assert.deepEqual([result.httpPort, result.httpsPort, result.statusPort], [82, 444, 10254]);
});

test('configuration: values are read in every documented form', () => {
  const result = config([
    '--manifests=-',
    '--connect-timeout=1500ms',
    '--tunnel-idle-timeout',
    '2h',
    '--body-timeout=off',
    '--max-request-body=16k',
    '--http-port=off',
    '--workers=auto',
    '--allow-cidrs=10.0.0.0/8,::1',
    '--allow-cidrs',
    '192.0.2.1',
    '--no-status',
    '--leader-election=false',
    '--snapshot',
  ]);
  assert.equal(result.manifests, '-');
  assert.deepEqual([result.connectTimeoutMs, result.tunnelIdleTimeoutMs, result.bodyTimeoutMs], [1500, 7_200_000, 0]);
  assert.deepEqual([result.maxRequestBodyBytes, result.httpPort, result.workers], [16384, undefined, undefined]);
  assert.deepEqual(result.allowCidrs, ['10.0.0.0/8', '::1', '192.0.2.1']);
  assert.deepEqual([result.status, result.leaderElection, result.snapshot], [false, false, true]);
});

test('configuration: an unknown flag is refused with the nearest one', () => {
  refuses(['--manifests', 'x', '--http-prot', '80'], /--http-prot: no such flag; did you mean --http-port\?/);
  refuses(['--zzzzzzzzzzzz'], /no such flag; see --help/);
  refuses(['--no-http-port'], /no such flag/);
});

test('configuration: a bad value is refused with what is allowed', () => {
  const source = ['--manifests', 'x'];
  refuses([...source, '--http-port', '70000'], /--http-port '70000': expected a port number from 0 to 65535, or off/);
  refuses([...source, '--connect-timeout', '5'], /expected a duration such as/);
  refuses([...source, '--drain-timeout', '25d'], /expected a duration/);
  refuses([...source, '--access-log', 'some'], /expected off, all, errors/);
  refuses([...source, '--address', 'localhost'], /each a numeric IPv4 or IPv6 address/);
  refuses([...source, '--deny-cidrs', '10.0.0.0/33'], /each an address or network/);
  refuses([...source, '--max-header-size', '10'], /a size from 1k up/);
  refuses([...source, '--status=perhaps'], /expected true or false/);
  refuses([...source, '--default-backend', 'web'], /expected namespace\/service:port/);
  refuses([...source, '--http-port'], /--http-port without a value/);
  refuses([...source, 'serve'], /argument 'serve'/);
  refuses(source, /SMARTPROXY_WORKERS 'many': expected a whole number from 1 to 1024, or auto/, { env: { SMARTPROXY_WORKERS: 'many' } });
});

test('configuration: there must be exactly one source', () => {
  refuses([], /give --manifests DIR or --kubeconfig FILE/);
  refuses(['--manifests', 'x', '--kubeconfig', 'y'], /together/);
  refuses(['--kubeconfig', 'y', '--echo-backends'], /--echo-backends without --manifests/);
});

test('configuration: two listeners may not share a port on the same address', () => {
  refuses(['--manifests', 'x', '--http-port', '8443'], /--http-port 8443: --https-port asks for the same port/);
  refuses(['--manifests', 'x', '--admin-port', '10254'], /--status-port 10254: --admin-port/);
  config(['--manifests', 'x', '--admin-port', '8080', '--address', '192.0.2.1']);
  config(['--manifests', 'x', '--http-port', '0', '--https-port', '0', '--status-port', '0', '--admin-port', '0']);
});

test('configuration: without IPv6 the IPv6 addresses are left out with a warning, and the default is 0.0.0.0', () => {
  const { config: result, warnings } = resolve(['--manifests', 'x', '--address', '127.0.0.1,::1'], { hasIpv6: false });
  assert.deepEqual(result.addresses, ['127.0.0.1']);
  assert.match(warnings.join(), /no IPv6/);
  assert.deepEqual(config(['--manifests', 'x'], { hasIpv6: false }).addresses, ['0.0.0.0']);
});

test('configuration: an unknown SMARTPROXY_ variable is a warning with the nearest name, not an error', () => {
  const { warnings } = resolve(['--manifests', 'x'], { env: { SMARTPROXY_HTTP_PROT: '80', OTHER: 'x' } });
  assert.deepEqual(warnings, ['Ignored SMARTPROXY_HTTP_PROT: no option has this name; did you mean SMARTPROXY_HTTP_PORT?']);
});

test('configuration: variables that Kubernetes sets for a Service named like us are passed over', () => {
  const env = {
    SMARTPROXY_HTTP_PORT: 'tcp://10.0.0.1:80',
    SMARTPROXY_SERVICE_HOST: '10.0.0.1',
    SMARTPROXY_SERVICE_PORT_HTTP: '80',
    SMARTPROXY_PORT_80_TCP_ADDR: '10.0.0.1',
  };
  const { config: result, warnings } = resolve(['--manifests', 'x'], { env });
  assert.equal(result.httpPort, 8080);
  assert.deepEqual(warnings, []);
});

test('configuration: debug pages are refused on any address but loopback, before anything starts', () => {
  const source = ['--manifests', 'x', '--admin-port', '0'];
  refuses([...source, '--admin-address', '0.0.0.0'], /--admin-address '0.0.0.0': expected a loopback address/);
  refuses([...source, '--admin-address', '::'], /expected a loopback address/);
  assert.equal(config([...source, '--admin-address', '127.0.0.9']).adminAddress, '127.0.0.9');
  assert.equal(config([...source, '--admin-address', '::1']).adminAddress, '::1');
});

test('configuration: an address that is given twice counts once, for one port cannot be bound twice', () => {
  assert.deepEqual(config(['--manifests', 'x', '--address', '127.0.0.1,127.0.0.1']).addresses, ['127.0.0.1']);
});

test('configuration: something must be served', () => {
  refuses(['--manifests', 'x', '--http-port', 'off', '--https-port', 'off'], /--http-port and --https-port are both off/);
});

test('configuration: an empty variable is one that is not set', () => {
  const env = { SMARTPROXY_ECHO_BACKENDS: '', SMARTPROXY_HTTP_PORT: '', SMARTPROXY_ADDRESS: '' };
  const result = config(['--manifests', 'x'], { env });
  assert.deepEqual([result.echoBackends, result.httpPort, result.addresses], [false, 8080, ['::']]);
  refuses(['--manifests', 'x', '--status='], /expected true or false/);
});

test('configuration: an option that does nothing beside the others is a warning', () => {
  const warned = (args: readonly string[]) => resolve(args).warnings.map((warning) => warning.split(' ')[0]);
  assert.deepEqual(warned(['--manifests', 'x', '--watch-namespace', 'shop', '--no-status']), ['--watch-namespace', '--status']);
  assert.deepEqual(warned(['--manifests', 'x', '--snapshot-key-file', 'k']), ['--snapshot-key-file']);
  const redis = ['--redis-username', 'u', '--redis-password-file', 'p', '--redis-ca-file', 'c'];
  assert.deepEqual(warned(['--manifests', 'x', ...redis]), ['--redis-username', '--redis-password-file', '--redis-ca-file']);
  assert.deepEqual(warned(['--manifests', 'x', '--redis-url', 'redis://redis:6379', ...redis]), ['--redis-ca-file']);
  assert.deepEqual(warned(['--manifests', 'x', '--redis-url', 'rediss://redis:6379', ...redis]), []);
  assert.deepEqual(warned(['--kubeconfig', 'k', '--no-status', '--publish-address', '192.0.2.1']), ['--publish-address']);
  assert.deepEqual(warned(['--kubeconfig', 'k', '--no-leader-election', '--lease-name', 'one']), ['--lease-name']);
  assert.deepEqual(warned(['--kubeconfig', 'k', '--snapshot', '--snapshot-key-file', 'k', '--publish-address', '192.0.2.1']), []);
});

test('configuration: objects that options name and that the program may not look at are a warning', () => {
  const warned = (...args: readonly string[]) => resolve(['--kubeconfig', 'k', ...args]).warnings;
  const certificate = '--default-certificate=vault/wildcard';
  assert.deepEqual(warned(certificate, '--default-backend=shop/web:80', '--watch-namespace=shop,vault'), []);
  assert.match(warned(certificate, '--watch-namespace=shop')[0] ?? '', /vault\/wildcard is in no namespace of --watch-namespace/);
  assert.match(warned('--default-backend=blog/web:80', '--watch-namespace=shop')[0] ?? '', /blog\/web:80 is in no namespace/);
  assert.match(warned(certificate, '--secret-names=shop/tls')[0] ?? '', /is not in --secret-names/);
  assert.deepEqual(warned(certificate, '--secret-names=vault/wildcard', '--watch-namespace=shop'), []);
});
