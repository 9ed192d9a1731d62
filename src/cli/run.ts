import { parseArguments } from '../config/arguments.ts';
import { renderOptionsHelp } from '../config/options-help.ts';
import { resolveConfig } from '../config/resolve.ts';
import { readSystem } from '../config/system.ts';
import { roomHere, workerCount } from '../config/worker-count.ts';
import { createLog } from './app-log.ts';
import { startApplication } from './application.ts';
import type { Command, CommandContext } from './command.ts';
import { exitCodes } from './exit-code.ts';

/** `run`: the controller and its proxy, until a signal ends them. */
export const runCommand: Command = {
  name: 'run',
  summary: 'Serve the Ingresses of a folder of manifests or of a Kubernetes API server.',
  help: () => `${usage}\n\n${renderOptionsHelp()}`,
  run,
};

const usage = `Usage: smartproxy-ingress run --manifests DIR [FLAG ...]
       smartproxy-ingress run --kubeconfig FILE [FLAG ...]
       smartproxy-ingress run [FLAG ...]          (in a pod)

Serves Ingresses over HTTP and HTTPS. Every flag can be given in the environment: --http-port as SMARTPROXY_HTTP_PORT.
SIGTERM or SIGINT lets open requests finish and ends with status 0; a second SIGINT ends at once with status 1.`;

const noSignal = new Promise<never>(() => {});

async function run(args: readonly string[], { env, print, script, stopSignal = noSignal }: CommandContext): Promise<number> {
  const { config, warnings } = resolveConfig(parseArguments(args).texts, await readSystem(env));
  const log = createLog(config.logLevel);
  for (const warning of warnings) log.warn({ warning }, 'configuration warning');
  const room = roomHere();
  const workers = workerCount(config, room);
  if (config.workers === undefined && workers < room.cpus)
    log.info({ workers, ...room }, 'fewer workers than CPUs: the memory limit has room for no more; raise it, or say --workers');
  // Workers get it with their configuration: none of them measures the container again.
  const starting = startApplication({ config: { ...config, workers }, log, print, script });
  const application = await Promise.race([starting, stopSignal]);
  // Stopped before anything was served: nothing has to be finished.
  if (typeof application === 'string') return exitCodes.ok.code;
  const signal = await Promise.race([stopSignal, application.failed]);
  log.info({ signal }, 'stopping');
  await application.stop();
  log.info({}, 'stopped');
  return exitCodes.ok.code;
}
