import { parseArgs } from 'node:util';
import { defaultStateDir, readSystem } from '../config/system.ts';
import { messageOf, SmartProxyError } from '../errors.ts';
import { keptAuthorityCertificate, openAuthority } from '../local-ca/authority-file.ts';
import { TrustStore } from '../local-ca/trust-store.ts';
import type { Command, CommandContext } from './command.ts';
import { exitCodes } from './exit-code.ts';

/** `trust`: makes the programs of this machine believe the local CA, or takes that back. Nothing else ever touches the machine's store. */
export const trustCommand: Command = {
  name: 'trust',
  summary: 'Trust the local CA on this machine, take that back, or print its certificate.',
  help: () => usage,
  run,
};

const usage = `Usage: smartproxy-ingress trust [--state-dir DIR]
       smartproxy-ingress trust --print [--state-dir DIR]
       smartproxy-ingress trust --uninstall [--state-dir DIR]

Puts the certificate of the local CA, from which "run --manifests" has the certificates of hosts without one, into this machine's store
of CAs. That takes root. Whoever reads the key in the state folder can then pose as any host to programs of this machine. The CA is made
where there is none yet.

  --print          Print the certificate (PEM) and change nothing.
  --uninstall      Take the certificate out of the store.
  --state-dir DIR  The state folder of "run", as there (SMARTPROXY_STATE_DIR). With sudo it has to be given.`;

interface Wish {
  readonly action: 'install' | 'print' | 'uninstall';
  readonly stateDir: string;
}

async function run(args: readonly string[], { env, print }: CommandContext): Promise<number> {
  const { action, stateDir } = await readWish(args, env);
  if (action === 'uninstall') print(await uninstalled(stateDir));
  else {
    const { certificate } = await openAuthority(stateDir, Date.now());
    print(action === 'print' ? certificate.trim() : await installed(certificate));
  }
  return exitCodes.ok.code;
}

async function installed(certificate: string): Promise<string> {
  const store = await TrustStore.find();
  const path = store.pathOf(certificate);
  if (await store.has(certificate)) return `The local CA is trusted on this machine already: ${path}`;
  await store.add(certificate);
  return `The local CA is trusted on this machine: ${path}. Browsers with a store of their own, and Node, do not look there.`;
}

async function uninstalled(stateDir: string): Promise<string> {
  const certificate = await keptAuthorityCertificate(stateDir);
  if (certificate === undefined) return `There is no local CA in ${stateDir}`;
  const store = await TrustStore.find();
  if (!(await store.has(certificate))) return 'The local CA is not trusted on this machine';
  await store.remove(certificate);
  return 'The local CA is not trusted on this machine any more';
}

async function readWish(args: readonly string[], env: CommandContext['env']): Promise<Wish> {
  const { print, uninstall, 'state-dir': given = env.SMARTPROXY_STATE_DIR } = parsed(args);
  if (print && uninstall) throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --print with --uninstall: give one of them');
  if (given === undefined && env.SUDO_UID !== undefined) {
    throw new SmartProxyError(
      'CONFIG_INVALID',
      "Cannot tell whose local CA is meant with sudo: give the state folder of 'run' with --state-dir",
    );
  }
  const action = print ? 'print' : uninstall ? 'uninstall' : 'install';
  return { action, stateDir: given ?? defaultStateDir(await readSystem(env)) };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { 'state-dir': { type: 'string' }, print: { type: 'boolean' }, uninstall: { type: 'boolean' } },
    }).values;
  } catch (error) {
    throw new SmartProxyError('CONFIG_INVALID', `Cannot read the command line: ${messageOf(error)}; see smartproxy-ingress trust --help`);
  }
}
