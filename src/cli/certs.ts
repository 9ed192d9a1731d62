import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KeptSecrets } from '../acme/folder-secrets.ts';
import type { Config } from '../config/config.ts';
import { optional, text } from '../config/value-types.ts';
import { SmartProxyError } from '../errors.ts';
import { Translator } from '../translate/translate.ts';
import { adminOption, askReport, refuseAdminWith } from './ask-pod.ts';
import { type CertificatesReport, needsLook, reportCertificates } from './certificate-report.ts';
import type { Command, CommandContext } from './command.ts';
import { configForFolder, renderSharedOptions } from './command-config.ts';
import { type CommandArguments, type CommandOption, renderCommandOptions, splitArguments } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { listenersOf } from './listeners.ts';
import { jsonOption } from './live-arguments.ts';
import { renderCertificates } from './render-certificates.ts';
import { translateOptionsOf } from './translate-options.ts';

const manifests: CommandOption<string | undefined> = {
  flag: 'manifests',
  value: optional(text('DIR', 'a folder'), 'none'),
  default: undefined,
  defaultText: 'a running program is asked',
  doc: 'Look into this folder of manifests, and with --acme into the state folder too: nothing has to run.',
};

/** The flags of the command. */
export const certsOptions: readonly CommandOption<unknown>[] = [manifests, adminOption, jsonOption];

/** `certs`: what certificates there are, and what is wrong with them. */
export const certsCommand: Command = {
  name: 'certs',
  summary: 'List certificates: names, issuer, expiry, attempts to order them, problems.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(certsOptions)}\n\n${renderSharedOptions()}`,
  asksProgram: (args) => splitArguments(args, certsOptions).read(manifests) === undefined,
  run,
};

const usage = `Usage: smartproxy-ingress certs [--json] [--admin ADDRESS:PORT]
       smartproxy-ingress certs [--json] --manifests DIR [FLAG ...]

Asks the program at an admin port of this machine; in a pod: kubectl exec deploy/smartproxy-ingress -- smartproxy-ingress certs.

Missing and expired certificates come first, then those that expire soonest. --json prints the same as JSON: certificates (secret, names,
issuer, issuedBy, expires, state, lastAttempt, nextAttempt, failures, problem), problems (object, reason, message), and how many more there are.

Exit status: 0 when all is well, 3 when a certificate is missing, expired, not yet valid or could not be ordered, or an object has a problem with one,
1 when the folder could not be read, 4 when the program could not be asked, 2 for a wrong flag.`;

/** As many are asked for; the rest is a number. */
const mostShown = 10_000;

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const given = splitArguments(args, certsOptions);
  const [operand] = given.operands;
  if (operand !== undefined)
    throw new SmartProxyError('CONFIG_INVALID', `Cannot use the argument '${operand.slice(0, 100)}': certs has flags only`);
  const folder = given.read(manifests);
  refuseAdminWith(given, manifests);
  const report =
    folder === undefined
      ? await reportOfProgram(given)
      : await reportOfFolder(folder, await configForFolder(given.others, folder, context));
  context.print(given.read(jsonOption) ? JSON.stringify(report, undefined, 2) : renderCertificates(report));
  return needsLook(report) ? exitCodes.findings.code : exitCodes.ok.code;
}

async function reportOfProgram(given: CommandArguments): Promise<CertificatesReport> {
  const [other] = given.others;
  if (other !== undefined)
    throw new SmartProxyError('CONFIG_INVALID', `Cannot use ${other.split('=')[0]} with certs: it goes with --manifests only`);
  return askReport<CertificatesReport>(given.read(adminOption), `/debug/certificates?limit=${mostShown}`, 'certificates', 'problems');
}

async function reportOfFolder(folder: string, config: Config): Promise<CertificatesReport> {
  if (folder === '-') throw new SmartProxyError('CONFIG_INVALID', 'Cannot list certificates: --manifests names no folder');
  const { ManifestFolder } = await import('../sources/manifests/manifest-folder.ts');
  const source = new ManifestFolder(folder);
  try {
    await source.start();
    await showKept(config, source);
    const nowMs = Date.now();
    const translator = new Translator(translateOptionsOf(config, listenersOf(config)));
    const { routeTable, acme, problems } = translator.translate(source.store.snapshot(), nowMs);
    return reportCertificates({ certificates: routeTable.certificates, acme, problems, nowMs, limit: mostShown });
  } finally {
    await source.close();
  }
}

/** Shows what was ordered before, where anything was. */
async function showKept({ acme, stateDir }: Config, source: { readonly kept: KeptSecrets }): Promise<void> {
  const folder = join(stateDir, 'acme');
  if (!acme || !existsSync(folder)) return;
  const { FolderSecrets } = await import('../acme/folder-secrets.ts');
  await FolderSecrets.open(folder, source.kept);
}
