import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { nodeAddress, nodeName } from './node-config.ts';

/** What the kubelet wants the kernel to be set to. It gets files of its own to write to: the machine's settings stay as they are. */
const kernelSettings: Readonly<Record<string, string>> = {
  '/proc/sys/vm/overcommit_memory': '1',
  '/proc/sys/vm/panic_on_oom': '0',
  '/proc/sys/kernel/panic': '10',
  '/proc/sys/kernel/panic_on_oops': '1',
  '/proc/sys/kernel/keys/root_maxkeys': '1000000',
  '/proc/sys/kernel/keys/root_maxbytes': '25000000',
};

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/**
 * Makes a machine of its own out of new namespaces, as seen by the calling process: host name, /sys, control groups, kernel settings, name
 * resolution, an address, and folders in memory over those where a node keeps its state. All of it goes with the namespaces.
 */
export function makePrivateMachine(folder: string): void {
  run('mount', '--make-rshared', '/');
  run('hostname', nodeName);
  run('mount', '-t', 'sysfs', 'sysfs', '/sys');
  mountControlGroups();
  for (const path of ['/run', '/var/log', '/var/lib']) run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', path);
  for (const [path, value] of Object.entries(kernelSettings)) mask(folder, path, `${value}\n`);
  mask(folder, '/etc/hosts', `127.0.0.1 localhost\n${nodeAddress} ${nodeName}\n`);
  if (lstatSync('/etc/resolv.conf').isFile()) mask(folder, '/etc/resolv.conf', '');

  run('ip', 'link', 'set', 'lo', 'up');
  // A pair whose other end leads nowhere carries the node's address.
  run('ip', 'link', 'add', 'node0', 'type', 'veth', 'peer', 'name', 'nowhere');
  for (const link of ['nowhere', 'node0']) run('ip', 'link', 'set', link, 'up');
  run('ip', 'address', 'add', `${nodeAddress}/24`, 'dev', 'node0');
  run('ip', 'route', 'add', 'default', 'dev', 'node0');
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
}

function mask(folder: string, path: string, content: string): void {
  const file = join(folder, `mask-${basename(path)}`);
  writeFileSync(file, content);
  if (existsSync(path)) run('mount', '--bind', file, path);
}

/** Mounts the hierarchies that this process is in; their roots are the control groups that the namespace was made in. */
function mountControlGroups(): void {
  const root = '/sys/fs/cgroup';
  const hierarchies = readFileSync('/proc/self/cgroup', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(':')[1] ?? '');
  const controllersOf = (hierarchy: string) => hierarchy.split(',');
  if (hierarchies.every((name) => name === '')) {
    run('mount', '-t', 'cgroup2', 'cgroup2', root);
    delegateControllers(root);
    return;
  }
  run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', root);
  for (const hierarchy of hierarchies) {
    if (hierarchy === '') continue;
    const isNamed = hierarchy.startsWith('name=');
    const name = isNamed ? hierarchy.slice('name='.length) : hierarchy;
    mkdirSync(join(root, name));
    run('mount', '-t', 'cgroup', '-o', isNamed ? `none,${hierarchy}` : hierarchy, 'cgroup', join(root, name));
    for (const controller of controllersOf(name)) if (controller !== name) symlinkSync(name, join(root, controller));
  }
}

/** In version 2 a group with children that have controllers has no processes of its own: ours move to one of them. */
function delegateControllers(root: string): void {
  mkdirSync(join(root, 'init'));
  for (const pid of readFileSync(join(root, 'cgroup.procs'), 'utf8').trim().split('\n')) {
    writeFileSync(join(root, 'init/cgroup.procs'), pid);
  }
  const controllers = readFileSync(join(root, 'cgroup.controllers'), 'utf8').trim().split(' ');
  writeFileSync(join(root, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '));
}
