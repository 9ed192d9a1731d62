import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { InsideNetwork } from '../inside-network.ts';
import { nodeAddress } from './node-config.ts';

/** Its own address, and the node's on the cable between them. */
const own = '10.100.1.2';
const gateway = '10.100.1.1';

/** A machine that is none of the cluster, with a cable to the node: it reaches the node's addresses, and what the node forwards. */
export class OutsideMachine implements AsyncDisposable {
  readonly network: InsideNetwork;
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
    this.network = new InsideNetwork(holder.pid ?? 0);
  }

  static async connect(node: InsideNetwork): Promise<OutsideMachine> {
    // It ends with us: its standard input does.
    const holder = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up; echo ready; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const machine = new OutsideMachine(holder);
    await node.run(...command(`ip link add outside type veth peer name eth0 netns ${holder.pid}`));
    await node.run(...command(`ip address add ${gateway}/24 dev outside`));
    await node.run(...command('ip link set outside up'));
    await machine.network.run(...command(`ip address add ${own}/24 dev eth0`));
    await machine.network.run(...command('ip link set eth0 up'));
    await machine.network.run(...command(`ip route add ${nodeAddress} via ${gateway}`));
    return machine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#holder, 'exit');
    this.#holder.kill('SIGKILL');
    await exited;
  }
}

function command(text: string): readonly string[] {
  return text.split(' ');
}
