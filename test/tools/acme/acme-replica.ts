import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import { type Asked, ask } from '../ask.ts';
import { eventually } from '../eventually.ts';
import type { Gate } from '../gate.ts';
import type { AnyObject } from '../objects.ts';
import { RunningCommand, temporaryFolder } from '../running-command.ts';
import { chartObjects } from '../shipped-manifests.ts';

/** Where replicas take plain HTTP and HTTPS: there solvers and CAs look. */
export const httpPort = 80;
export const httpsPort = 443;

/** A certificate as a client sees it. */
export interface SeenCertificate {
  readonly fingerprint: string;
  readonly names: string;
  readonly issuer: string;
}

export interface AcmeReplicaOptions {
  readonly name: string;
  readonly address: string;
  readonly api: Gate;
  readonly kubeconfig: string;
}

/** The program as the pod of the chart runs it, with one worker and an address of its own. */
export class AcmeReplica {
  readonly name: string;
  readonly address: string;
  /** Between it and the API server. */
  readonly api: Gate;
  readonly command: RunningCommand;

  private constructor({ name, address, api }: AcmeReplicaOptions, command: RunningCommand) {
    this.name = name;
    this.address = address;
    this.api = api;
    this.command = command;
  }

  static async start(t: TestContext, options: AcmeReplicaOptions): Promise<AcmeReplica> {
    const { name, address, kubeconfig } = options;
    const here = [
      ...['--kubeconfig', kubeconfig, '--workers=1', '--drain-delay=off', `--address=${address}`, `--status-address=${address}`],
      ...[`--http-port=${httpPort}`, `--https-port=${httpsPort}`, '--admin-port=0', '--access-log=all'],
      // A client that asks without a pause is not sent to another connection for that.
      '--keep-alive-requests=0',
      ...['--state-dir', join(await temporaryFolder(t), 'state')],
    ];
    const env = { POD_NAME: name, POD_NAMESPACE: 'smartproxy-ingress', POD_UID: crypto.randomUUID() };
    const command = new RunningCommand(t, [...chartArguments(), ...here], env);
    await command.port('https');
    return new AcmeReplica(options, command);
  }

  /** By what it says itself. */
  get leads(): boolean {
    const said = this.command.log.filter(({ msg }) => typeof msg === 'string' && msg.startsWith('this replica'));
    return String(said.at(-1)?.msg).startsWith('this replica leads');
  }

  /** kill -9 of its main process; the workers end by themselves. */
  kill(): void {
    this.command.child.kill('SIGKILL');
  }

  pause(): void {
    this.command.child.kill('SIGSTOP');
  }

  resume(): void {
    this.command.child.kill('SIGCONT');
  }

  /** Resolves when nothing of it listens any more. */
  async gone(): Promise<void> {
    await this.command.exit();
    await eventually(
      'its ports are free',
      async () => (await isRefused(this.address, httpPort)) && (await isRefused(this.address, httpsPort)),
    );
  }

  /** What it shows for a host, verified by `ca`: undefined when that does not hold. */
  certificate(host: string, ca: string): Promise<SeenCertificate | undefined> {
    return new Promise((resolve) => {
      const socket = connect({ host: this.address, port: httpsPort, servername: host, ca }, () => {
        const leaf = socket.getPeerX509Certificate();
        socket.destroy();
        resolve(leaf && { fingerprint: leaf.fingerprint256, names: leaf.subjectAltName ?? '', issuer: leaf.issuer });
      });
      socket.setTimeout(10_000, () => socket.destroy());
      socket.once('error', () => resolve(undefined));
      socket.once('close', () => resolve(undefined));
    });
  }

  /** A GET over plain HTTP. */
  get(host: string, path: string): Promise<Asked> {
    return ask({ protocol: 'http1', address: this.address, port: httpPort, host, path });
  }

  /** A GET over TLS, verified. */
  getSecurely(host: string, path: string, ca: string): Promise<Asked> {
    return ask({ protocol: 'https', address: this.address, port: httpsPort, host, path, ca });
  }
}

/** The certificate that all of them show for a host, as soon as it is one and the same, verified by `ca`. */
export async function served(replicas: readonly AcmeReplica[], host: string, ca: string, deadlineMs = 60_000): Promise<SeenCertificate> {
  return await eventually(
    `one certificate for ${host} on every replica`,
    async () => {
      const [first, ...others] = await Promise.all(replicas.map((replica) => replica.certificate(host, ca)));
      return others.every((other) => other?.fingerprint === first?.fingerprint) && first;
    },
    deadlineMs,
  );
}

/** The arguments of the container, as the chart has them with ACME. */
function chartArguments(): readonly string[] {
  const deployment = chartObjects('acme').find(({ kind }) => kind === 'Deployment') as AnyObject & {
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } } };
  };
  return deployment.spec.template.spec.containers[0]?.args ?? [];
}

function isRefused(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port }, () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}
