import { writeFile } from 'node:fs/promises';
import packageJson from '../../package.json' with { type: 'json' };
import { redactReport } from '../ask/bug-report/redact-report.ts';
import type { StatusReport } from '../ask/reports/status-report.ts';
import { bytesText } from '../ask/units.ts';
import { text } from '../config/value-types.ts';
import { messageOf, SmartProxyError } from '../errors.ts';
import { adminOption, askPod, askReport } from './ask-pod.ts';
import type { Command, CommandContext } from './command.ts';
import { type CommandOption, renderCommandOptions } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { liveArguments } from './live-arguments.ts';

const out: CommandOption<string> = {
  flag: 'out',
  value: text('FILE', 'a path, or -'),
  default: 'smartproxy-bugreport.json',
  defaultText: 'smartproxy-bugreport.json',
  doc: 'File to write, which must not exist; - is standard output.',
};

/** The flags of the command. */
export const bugreportOptions: readonly CommandOption<unknown>[] = [out, adminOption];

/** `bugreport`: what somebody else needs to find out what is wrong, without secrets. */
export const bugreportCommand: Command = {
  name: 'bugreport',
  summary: 'Write what a running program knows of itself into one file, without secrets, for a bug report.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(bugreportOptions)}`,
  asksProgram: () => true,
  run,
};

const usage = `Usage: smartproxy-ingress bugreport [--out FILE] [--admin ADDRESS:PORT]

Writes one JSON file with versions, options, status, the route table, routes, backends, problems, certificates (no keys), drains, connections,
lately ended connections and metrics. Left out are values of headers, queries and claims, texts of answers, users and whatever looks like a
credential; clients have names in place of addresses. Names of hosts, objects and Services are in it: read it before you send it.
Ends with status 0, 1 when the file can not be written, 4 when no program answers.`;

/** Pages by their name in the report. What one of them can not give, the others may. */
const pages: Readonly<Record<string, string>> = {
  config: '/debug/config',
  table: '/debug/routes',
  routes: '/debug/route-report?limit=10000',
  backends: '/debug/backends?limit=2000',
  problems: '/debug/problems?limit=10000',
  certificates: '/debug/certificates?limit=10000',
  drains: '/debug/drains',
  connections: '/debug/connections?limit=1000',
  endings: '/debug/endings?limit=1000',
  metrics: '/debug/metrics',
};

async function run(args: readonly string[], { print }: CommandContext): Promise<number> {
  const given = liveArguments('bugreport', args, bugreportOptions);
  const report = await gather(given.read(adminOption));
  const json = `${JSON.stringify(redactReport(report), undefined, 1)}\n`;
  const file = given.read(out);
  if (file === '-') {
    print(json.trimEnd());
    return exitCodes.ok.code;
  }
  await writeFile(file, json, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    throw new SmartProxyError('STATE_UNUSABLE', `Cannot write the report: ${messageOf(error)}; name another file with --out`);
  });
  print(
    `Wrote ${file} (${bytesText(json.length)}). Secrets are left out; names of hosts, objects and Services are in it: read it before you send it.`,
  );
  return exitCodes.ok.code;
}

/** One page after the other, so that a program in trouble has little to do. */
async function gather(admin: string): Promise<Readonly<Record<string, unknown>>> {
  const command = { version: packageJson.version, node: process.versions.node, platform: `${process.platform} ${process.arch}` };
  const status = await askReport<StatusReport>(admin, '/debug/status', 'troubles', 'listeners', 'workers');
  const report: Record<string, unknown> = { madeAt: new Date().toISOString(), command, status };
  const missing: Record<string, string> = {};
  for (const [name, path] of Object.entries(pages)) {
    try {
      report[name] = await askPod(admin, path);
    } catch (error) {
      missing[name] = messageOf(error);
    }
  }
  return { ...report, missing };
}
