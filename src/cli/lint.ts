import { stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };
import { type Finding, type FindingLevel, reaches } from '../ask/lint/finding.ts';
import { makeFindings } from '../ask/lint/make-findings.ts';
import { countText, renderFindings } from '../ask/lint/render-findings.ts';
import { sarifLog } from '../ask/lint/sarif.ts';
import { unknownIngressFields } from '../ask/lint/unknown-fields.ts';
import { locateProblems, locationOfObject } from '../ask/reports/locate-problems.ts';
import { choice, optional, text } from '../config/value-types.ts';
import { SmartProxyError } from '../errors.ts';
import type { Command, CommandContext } from './command.ts';
import { configForFolder, renderSharedOptions } from './command-config.ts';
import { type CommandOption, renderCommandOptions, splitArguments } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { type FolderReading, readFolder } from './folder-reading.ts';

const manifests: CommandOption<string | undefined> = {
  flag: 'manifests',
  short: 'f',
  value: optional(text('DIR', 'a folder, a file or -'), 'none'),
  default: undefined,
  defaultText: 'none, and it has to be given',
  doc: 'Folder of manifests (or one file; - is standard input).',
};
const format: CommandOption<'text' | 'json' | 'sarif'> = {
  flag: 'format',
  value: choice('text', 'json', 'sarif'),
  default: 'text',
  defaultText: 'text',
  doc: 'How findings are printed; sarif is SARIF 2.1.0.',
};
const failOn: CommandOption<FindingLevel | 'never'> = {
  flag: 'fail-on',
  value: choice('error', 'warning', 'note', 'never'),
  default: 'error',
  defaultText: 'error',
  doc: 'The least bad finding that ends the command with status 3.',
};

/** The flags of the command. */
export const lintOptions: readonly CommandOption<unknown>[] = [manifests, format, failOn];

/** `lint`: what is wrong with manifests, without a cluster. */
export const lintCommand: Command = {
  name: 'lint',
  summary: 'Say what in a folder of manifests would not be served as written, without a cluster.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(lintOptions)}\n\n${renderSharedOptions()}`,
  run,
};

const usage = `Usage: smartproxy-ingress lint -f DIR [--format text|json|sarif] [--fail-on LEVEL] [FLAG ...]

Reads manifests as the program does and prints every problem with file and line, object, field and what to do. What a folder leaves to the
cluster (one without any EndpointSlice has no endpoints) is a note. Objects whose class is not ours are named, and not looked at.
Ends with status 0 when there is nothing as bad as --fail-on, 3 when there is, 1 when the folder can not be read.`;

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const given = splitArguments(args, lintOptions);
  const folder = given.read(manifests) ?? given.operands[0];
  const isTwice = given.operands.length > (given.read(manifests) === undefined ? 1 : 0);
  if (folder === undefined) throw new SmartProxyError('CONFIG_INVALID', 'Cannot lint nothing: give a folder of manifests with -f DIR');
  if (isTwice)
    throw new SmartProxyError('CONFIG_INVALID', `Cannot lint more than one folder: '${given.operands.at(-1)?.slice(0, 100)}' is too much`);
  const [shape, threshold] = [given.read(format), given.read(failOn)];
  const config = await configForFolder(given.others, folder, context);
  const reading = await readFolder(config, folder, Date.now());
  const findings = await findingsOf(folder, reading);
  context.print(render(findings, reading, shape));
  return threshold !== 'never' && reaches(findings, threshold) ? exitCodes.findings.code : exitCodes.ok.code;
}

async function findingsOf(folder: string, reading: FolderReading): Promise<readonly Finding[]> {
  const isFolder = folder !== '-' && (await stat(folder)).isDirectory();
  const pathOf = (name: string) => (folder === '-' ? undefined : isFolder ? join(folder, name) : folder);
  const unknown = unknownIngressFields(reading.snapshot.of('Ingress').values());
  const problems = [...reading.translation.problems, ...unknown].map((problem) => {
    return { ...problem, location: locationOfObject(problem.object, reading.locationOf) };
  });
  return makeFindings({ ...reading, problems: await locateProblems(problems, reading.textOf), pathOf });
}

function render(findings: readonly Finding[], { assumptions, passedOver }: FolderReading, shape: 'text' | 'json' | 'sarif'): string {
  if (shape === 'sarif') return JSON.stringify(sarifLog(findings, packageJson.version, uriOf), undefined, 2);
  if (shape === 'json') return JSON.stringify({ summary: countText(findings), assumptions, passedOver, findings }, undefined, 2);
  return [...assumptions, ...passedOver, renderFindings(findings)].join('\n');
}

/** Below the working folder, where code hosts resolve it; else a whole one. */
function uriOf(file: string): string {
  const path = relative(process.cwd(), resolve(file));
  return path.startsWith('..') ? pathToFileURL(file).href : path.split(sep).map(encodeURIComponent).join('/');
}
