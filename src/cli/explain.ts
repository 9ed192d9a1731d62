import type { Explanation } from '../ask/explain/explanation.ts';
import { locateRules } from '../ask/explain/locate-rules.ts';
import type { BadQuestion, Question } from '../ask/explain/question.ts';
import { queryOf } from '../ask/explain/question-query.ts';
import { renderExplanation } from '../ask/explain/render-explanation.ts';
import { choice, optional, text } from '../config/value-types.ts';
import { SmartProxyError } from '../errors.ts';
import { RuleFields } from '../translate/rule-fields.ts';
import { adminOption, askPod, refuseAdminWith } from './ask-pod.ts';
import type { Command, CommandContext } from './command.ts';
import { configForFolder, renderSharedOptions } from './command-config.ts';
import { type CommandArguments, type CommandOption, each, renderCommandOptions, splitArguments } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { readFolder } from './folder-reading.ts';
import { jsonOption } from './live-arguments.ts';
import { unreadNotes } from './unread-notes.ts';

const anyText = /^[^\0]*$/;

const manifests: CommandOption<string | undefined> = {
  flag: 'manifests',
  value: optional(text('DIR', 'a folder, a file or -'), 'none'),
  default: undefined,
  defaultText: 'a running program is asked',
  doc: 'Explain by this folder of manifests (or one file; - is standard input), offline.',
};
const method: CommandOption<string> = {
  flag: 'method',
  value: text('METHOD', 'a method', anyText),
  default: 'GET',
  defaultText: 'GET',
  doc: 'Method of the request.',
};
const header: CommandOption<readonly string[]> = {
  flag: 'header',
  value: each(text('HEADER', "a header such as 'X-Canary: always'", anyText)),
  default: [],
  defaultText: 'none',
  doc: "Header of the request, 'Name: value'; once for each. Host takes the place of the URL's.",
};
const sni: CommandOption<string | undefined> = {
  flag: 'sni',
  value: text('NAME', 'a server name', anyText),
  default: undefined,
  defaultText: 'the host of the URL',
  doc: "Server name of the ClientHello; '' for one without.",
};
const client: CommandOption<string | undefined> = {
  flag: 'client',
  value: text('ADDRESS', 'an address', anyText),
  default: undefined,
  defaultText: 'unknown, and what depends on it stays open',
  doc: 'Address of the client.',
};
const listener: CommandOption<string | undefined> = {
  flag: 'listener',
  value: text('NAME', 'the name of a listener'),
  default: undefined,
  defaultText: 'that of the port of the URL',
  doc: 'Listener that it arrives on.',
};
const httpVersion: CommandOption<'1.1' | '2'> = {
  flag: 'http-version',
  value: choice('1.1', '2'),
  default: '1.1',
  defaultText: '1.1',
  doc: 'Version of HTTP that the request is written in.',
};

/** The flags of the command. */
export const explainOptions: readonly CommandOption<unknown>[] = [
  manifests,
  adminOption,
  method,
  header,
  sni,
  client,
  listener,
  httpVersion,
  jsonOption,
];

/** `explain`: where a request goes, and why. */
export const explainCommand: Command = {
  name: 'explain',
  summary: 'Say where a request or connection goes and why, by manifests or by a running program.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(explainOptions)}\n\n${renderSharedOptions()}`,
  asksProgram: (args) => splitArguments(args, explainOptions).read(manifests) === undefined,
  run,
};

const usage = `Usage: smartproxy-ingress explain URL --manifests DIR [FLAG ...]
       smartproxy-ingress explain URL [--admin ADDRESS:PORT] [FLAG ...]

Says which routes could take a request, in order, which one does and which object made it, why the others do not, what filters do, which
certificate is shown, which endpoints there are, and what they are asked. URL is http://, https://, ws:// or wss:// for requests, tls://
for TLS with something else in it, tcp:// or udp:// with the port of a listener.
Ends with status 0 when something takes it, 3 when nothing does, 2 when nobody could send it, 4 when no program answers.`;

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const given = splitArguments(args, explainOptions);
  const question = questionFrom(given);
  const folder = given.read(manifests);
  refuseAdminWith(given, manifests);
  const answer = folder === undefined ? await explainLive(given, question) : await explainFolder(folder, given, question, context);
  if ('kind' in answer) throw new SmartProxyError('CONFIG_INVALID', `Cannot explain '${question.url.slice(0, 200)}': ${answer.message}`);
  context.print(given.read(jsonOption) ? JSON.stringify(answer, undefined, 2) : renderExplanation(answer));
  return answer.matched ? exitCodes.ok.code : exitCodes.findings.code;
}

function questionFrom(given: CommandArguments): Question {
  const [url, ...more] = given.operands;
  if (url === undefined)
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot explain nothing: give a URL such as https://shop.example.com/cart');
  if (more.length > 0)
    throw new SmartProxyError('CONFIG_INVALID', `Cannot explain more than one URL: '${more[0]?.slice(0, 100)}' is too much; quote it?`);
  return {
    url,
    method: given.read(method),
    headers: given.read(header),
    serverName: given.read(sni),
    client: given.read(client),
    listener: given.read(listener),
    httpVersion: given.read(httpVersion),
  };
}

async function explainFolder(
  folder: string,
  { others }: CommandArguments,
  question: Question,
  context: CommandContext,
): Promise<Explanation | BadQuestion> {
  const config = await configForFolder(others, folder, context);
  const { translation, sourceProblems, locationOf, textOf, snapshot, assumptions } = await readFolder(config, folder, Date.now());
  const { routeTable: table, problems, hostsWithoutCertificate } = translation;
  // Loaded when it is asked for: it has the filters of workers with it, which no other command needs.
  const { explain } = await import('../ask/explain/explain.ts');
  const rules = new RuleFields(snapshot);
  const fieldOf = rules.of.bind(rules);
  const known = { table, config, problems, locationOf, fieldOf, out: [], drained: [], hostsWithoutCertificate };
  const found = explain(question, known);
  if ('kind' in found) return found;
  const answer = await locateRules(found, textOf);
  return { ...answer, notes: [...answer.notes, ...assumptions, ...unreadNotes(sourceProblems)] };
}

async function explainLive(given: CommandArguments, question: Question): Promise<Explanation> {
  const [other] = given.others;
  if (other !== undefined) {
    throw new SmartProxyError(
      'CONFIG_INVALID',
      `Cannot use ${other.split('=')[0]} on a running program, which has its own options: give --manifests DIR too, or leave it out`,
    );
  }
  const admin = given.read(adminOption);
  const data = await askPod(admin, `/debug/explain?${queryOf(question)}`);
  if (isExplanation(data)) return data;
  throw new SmartProxyError(
    'ADMIN_UNREACHABLE',
    `Cannot read the answer of the program at ${admin}: it is of another version than this command`,
  );
}

const lists = ['edge', 'candidates', 'filters', 'effects', 'backends', 'problems', 'notes'] as const;

/** Enough to print it: a program of another version may say things differently. */
function isExplanation(data: unknown): data is Explanation {
  if (typeof data !== 'object' || data === null) return false;
  const fields = data as Readonly<Record<string, unknown>>;
  const { asked } = fields;
  if (typeof asked !== 'object' || asked === null || !('url' in asked) || typeof asked.url !== 'string') return false;
  return typeof fields.matched === 'boolean' && typeof fields.summary === 'string' && lists.every((name) => Array.isArray(fields[name]));
}
