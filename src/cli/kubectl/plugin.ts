import { SmartProxyError } from '../../errors.ts';
import type { Command, CommandContext } from '../command.ts';
import { choosePod } from './choose-pod.ts';
import { pluginArguments } from './plugin-arguments.ts';
import { forwardPort } from './port-forward.ts';

const usage = (
  names: readonly string[],
): string => `Usage: kubectl smartproxy COMMAND [-n NAMESPACE] [--context NAME] [--pod NAME] [FLAG ...]

Finds a pod of smartproxy-ingress with kubectl, forwards a port of this machine to its admin port, runs the command against it, and ends the forward,
however the command ends. Also as smartproxy-ingress kubectl. What is asked of manifests alone (lint, --manifests, diff OLD NEW) needs no pod.

Commands: ${names.join(', ')}. kubectl smartproxy COMMAND --help has their flags; --admin is not among them here.

Flags:
  -n, --namespace NAME
        Where the pods are. Default: smartproxy-ingress.
  --context NAME
        Context of the kubeconfig. Default: the current one.
  --kubeconfig FILE
        Kubeconfig. Default: as kubectl has it.
  --pod NAME
        The pod to ask. Default: the leader, or any that is ready.
  --admin-port PORT
        Its admin port. Default: 10255.

Ends as the command does, and with status 4 when no pod can be found or reached: what kubectl said comes with it.`;

/** `kubectl`: other commands against a pod of a cluster. @param commands those that ask a running program, or manifests */
export function kubectlCommand(commands: readonly Command[]): Command {
  const names = commands.map(({ name }) => name);
  return {
    name: 'kubectl',
    summary: 'Run a command that asks a running program against a pod of a cluster; as a plugin: kubectl smartproxy.',
    help: (args) => {
      const [name, ...rest] = pluginArguments(args).command;
      return commands.find((each) => each.name === name)?.help(rest) ?? usage(names);
    },
    async run(args, context) {
      const given = pluginArguments(args);
      const [name, ...rest] = given.command;
      const command = commands.find((each) => each.name === name);
      if (command === undefined)
        throw new SmartProxyError(
          'CONFIG_INVALID',
          `Cannot ask a pod ${name === undefined ? 'nothing' : `'${name.slice(0, 100)}'`}: there are ${names.join(', ')}`,
        );
      if (rest.some((arg) => /^--admin(=|$)/.test(arg)))
        throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --admin here: the pod is chosen with -n, --context and --pod');
      if (command.asksProgram?.(rest) === true) return runOnPod(command, rest, given, context);
      if (given.ownFlag !== undefined)
        throw new SmartProxyError('CONFIG_INVALID', `Cannot use ${given.ownFlag.slice(0, 100)} with manifests: no pod is asked`);
      return command.run(rest, context);
    },
  };
}

async function runOnPod(
  command: Command,
  args: readonly string[],
  given: ReturnType<typeof pluginArguments>,
  context: CommandContext,
): Promise<number> {
  const pod = await choosePod(given);
  const forward = await forwardPort(given.cluster, given.namespace, pod.name, given.adminPort);
  try {
    context.note?.(`asking pod ${given.namespace}/${pod.name} (${pod.why})`);
    return await command.run([...args, '--admin', `127.0.0.1:${forward.port}`], context);
  } finally {
    await forward.close();
  }
}
