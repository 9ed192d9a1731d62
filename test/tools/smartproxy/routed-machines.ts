import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';

/**
 * Three machines in a row, each a network namespace: a client at 10.0.1.2 and fd01::2, and where it is told to at 10.0.1.3 and fd01::3, this process at 10.0.1.1, fd01::1, 10.0.2.1 and
 * fd02::1 in the middle, and servers at 10.0.2.2, 10.0.2.3 and fd02::2 that send everything else back through the middle. Forwarding is on.
 * For a process in a network namespace of its own.
 */
export class RoutedMachines {
  readonly #holders: readonly [client: ChildProcess, servers: ChildProcess];

  private constructor(holders: readonly [ChildProcess, ChildProcess]) {
    this.#holders = holders;
  }

  static async make(): Promise<RoutedMachines> {
    const machines = new RoutedMachines([await holdNamespace(), await holdNamespace()]);
    connectTo(
      machines.pids.client,
      'c0',
      ['10.0.1.1/24', 'fd01::1/64'],
      ['10.0.1.2/24', '10.0.1.3/24', 'fd01::2/64'],
      ['10.0.1.1', 'fd01::1'],
    );
    // A deprecated address is the source of nothing that does not ask for it.
    ip('addr', 'add', 'fd01::3/64', 'dev', 'eth0', 'nodad', 'preferred_lft', '0', '--inside', String(machines.pids.client));
    const serverAddresses = ['10.0.2.2/24', '10.0.2.3/24', 'fd02::2/64'];
    connectTo(machines.pids.servers, 's0', ['10.0.2.1/24', 'fd02::1/64'], serverAddresses, ['10.0.2.1', 'fd02::1']);
    RoutedMachines.setForwarding(true);
    return machines;
  }

  static setForwarding(on: boolean): void {
    for (const file of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) writeFileSync(`/proc/sys/net/${file}`, on ? '1' : '0');
  }

  /** Processes that have the namespaces. */
  get pids(): { readonly client: number; readonly servers: number } {
    const [client, servers] = this.#holders;
    return { client: client.pid ?? 0, servers: servers.pid ?? 0 };
  }

  /** A Node process on one of the machines, with a channel for messages. */
  fork(machine: 'client' | 'servers', script: string): ChildProcess {
    const args = [`--net=/proc/${this.pids[machine]}/ns/net`, '--', process.execPath, script];
    return spawn('nsenter', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  close(): void {
    for (const holder of this.#holders) holder.kill('SIGKILL');
  }
}

/** A process that does nothing but have a network namespace. */
async function holdNamespace(): Promise<ChildProcess> {
  const child = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up; echo ready; exec sleep infinity'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child;
}

function connectTo(pid: number, name: string, own: readonly string[], its: readonly string[], gateways: readonly string[]): void {
  const inside = (...args: readonly string[]): void => ip(...args, '--inside', String(pid));
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
  for (const address of own) ip('addr', 'add', address, 'dev', name, ...withoutCheck(address));
  ip('link', 'set', name, 'up');
  for (const address of its) inside('addr', 'add', address, 'dev', 'eth0', ...withoutCheck(address));
  inside('link', 'set', 'eth0', 'up');
  for (const gateway of gateways) inside('route', 'add', 'default', 'via', gateway);
}

/** An IPv6 address can be used at once, and not only after nobody else was found to have it. */
function withoutCheck(address: string): readonly string[] {
  return address.includes(':') ? ['nodad'] : [];
}

function ip(...args: readonly string[]): void {
  const at = args.indexOf('--inside');
  if (at === -1) execFileSync('ip', args, { stdio: 'pipe' });
  else execFileSync('nsenter', [`--net=/proc/${args[at + 1]}/ns/net`, '--', 'ip', ...args.slice(0, at)], { stdio: 'pipe' });
}
