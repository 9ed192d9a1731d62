import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { builtPrograms, readGoBuild } from './go-build.ts';

const build = readGoBuild('grpc-interop');

/** The folder with Go's gRPC interop client and server, built once from the pinned Go module into the user's cache; undefined where their tests are left out. */
export async function grpcInteropPrograms(): Promise<string | undefined> {
  return goMissing() === false ? await builtPrograms(build) : undefined;
}

/** A reason to leave Go's interop tests out: no `go` to build them with; never one with CI=true, where that is a failure. */
export function goMissing(): string | false {
  if (process.env.CI === 'true' || spawnSync('go', ['version']).status === 0) return false;
  return 'Go is not installed: its interop client and server cannot be built';
}

/** A case of Go's interop client, with arguments that it alone needs. */
export interface GoInteropCase {
  readonly name: string;
  readonly args?: readonly string[];
}

/** The policy that hands reports on load to the test. */
const reports = ['-service_config_json', '{"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}'];

/** Time limits of the soak cases for a busy machine: they are there for right answers, not for speed. */
const patient = ['-soak_overall_timeout_seconds', '100', '-soak_per_iteration_max_acceptable_latency_ms', '30000'];

/**
 * Every case of the client but those of credentials, which need Google's servers, and `pick_first_unary`, which wants a server's name
 * that Go's interop server does not give.
 */
export const goInteropCases: readonly GoInteropCase[] = [
  { name: 'empty_unary' },
  { name: 'large_unary' },
  { name: 'client_streaming' },
  { name: 'server_streaming' },
  { name: 'ping_pong' },
  { name: 'empty_stream' },
  { name: 'timeout_on_sleeping_server' },
  { name: 'cancel_after_begin' },
  { name: 'cancel_after_first_response' },
  { name: 'status_code_and_message' },
  { name: 'special_status_message' },
  { name: 'custom_metadata' },
  { name: 'unimplemented_method' },
  { name: 'unimplemented_service' },
  { name: 'orca_per_rpc', args: reports },
  { name: 'orca_oob', args: reports },
  { name: 'rpc_soak', args: [...patient, '-soak_iterations', '100'] },
  { name: 'channel_soak', args: [...patient, '-soak_iterations', '30'] },
];

/** What the client must know of a server on 127.0.0.1. */
export interface GoInteropTarget {
  readonly port: number;
  /** File of the CA and the name that the certificate must have; without it the client speaks plain HTTP/2. */
  readonly tls?: { readonly caFile: string; readonly serverName: string };
}

/** Runs one case; fails with what the client said when it does not pass. */
export async function runGoInteropCase({ name, args = [] }: GoInteropCase, { port, tls }: GoInteropTarget): Promise<void> {
  const program = join(await builtPrograms(build), 'grpc-interop-client');
  const secure = tls === undefined ? [] : ['-use_tls', '-use_test_ca', '-ca_file', tls.caFile, '-server_host_override', tls.serverName];
  const target = ['-server_host', '127.0.0.1', '-server_port', String(port), ...secure];
  const [error, output] = await new Promise<[Error | null, string]>((resolve) => {
    execFile(program, [...target, '-test_case', name, ...args], { timeout: 120_000 }, (failure, stdout, stderr) => {
      resolve([failure, stdout + stderr]);
    });
  });
  if (error !== null) throw new Error(`${name} did not pass: ${output.slice(-2000) || error.message}`);
}

/** Go's interop server as a process of its own. */
export class GoInteropServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** @param tls files of its certificate and key; plain HTTP/2 without */
  static async start(tls?: { readonly certFile: string; readonly keyFile: string }): Promise<GoInteropServer> {
    const program = join(await builtPrograms(build), 'grpc-interop-server');
    const port = await freePort();
    const secure = tls === undefined ? [] : ['-use_tls', '-tls_cert_file', tls.certFile, '-tls_key_file', tls.keyFile];
    const child = spawn(program, ['-port', String(port), ...secure], { stdio: 'ignore' });
    const server = new GoInteropServer(child, port);
    await eventually('an interop server that listens', () => {
      if (child.exitCode !== null) throw new Error(`the interop server ended with ${child.exitCode}`);
      return accepts(port);
    });
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
