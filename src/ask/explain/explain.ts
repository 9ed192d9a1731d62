import { plainAddress } from '../../address-list.ts';
import { isClientAllowed } from '../../routes/client-access.ts';
import type { CompiledTable } from '../../routes/compiled-table.ts';
import { compileForNames } from '../../routes/explain-match.ts';
import { findL4Route } from '../../routes/find-l4-route.ts';
import { installationKey, type Listener } from '../../routes/route-table.ts';
import { targetOfHost } from '../../smartproxy/direct-routes.ts';
import { runToEnd, type Steps } from '../../steps.ts';
import { explainConnection } from './explain-connection.ts';
import type { ExplainContext } from './explain-context.ts';
import { explainRequest } from './explain-request.ts';
import type { Explanation } from './explanation.ts';
import { findListener } from './find-listener.ts';
import { type BadQuestion, type Question, type ReadQuestion, readQuestion } from './question.ts';
import { requestHead } from './request-head.ts';
import { findTls } from './tls-step.ts';

/** As `explainInSteps`, at once. */
export function explain(question: Question, context: ExplainContext): Explanation | BadQuestion {
  return runToEnd(explainInSteps(question, context));
}

/**
 * Where the request or connection of a question goes, and why, by the code that would serve it: its parser, its matcher, its filters. Pure.
 * A question that nobody could send is answered with why. It pauses between routes, which may have patterns that take milliseconds.
 */
export function* explainInSteps(question: Question, context: ExplainContext): Steps<Explanation | BadQuestion> {
  const read = readQuestion(question);
  if (read.kind === 'bad') return read;
  const found = findListener(read, question.listener, [...context.table.listeners.values()]);
  if (found.kind === 'bad') return found;
  const unspoken = unspokenVersion(question, read, context);
  if (unspoken !== undefined) return unspoken;
  const asked = {
    url: question.url,
    method: question.method,
    serverName: read.serverName,
    client: question.client,
  };
  const nothing: Explanation = { ...blank, asked };
  if (found.kind === 'none') return { ...nothing, summary: `It arrives nowhere: ${found.why}.` };
  const { listener, note } = found;
  const { key, protocol, port, publishedPort } = listener;
  const begun: Explanation = { ...nothing, listener: { key, protocol, port, publishedPort }, notes: note === undefined ? [] : [note] };
  if (isRefused(question.client, context)) {
    return {
      ...begun,
      summary: `The connection is ended as ip_blocked: ${question.client} is not let in by the lists of the installation.`,
    };
  }
  if (listener.protocol === 'tcp' || listener.protocol === 'udp') return explainL4(begun, read, listener, question, context);
  return yield* explainHttp(begun, read, listener, question, context);
}

/** Why a request can not be written in the version that is asked for; undefined: it can. */
function unspokenVersion({ httpVersion }: Question, { speaks }: ReadQuestion, { config }: ExplainContext): BadQuestion | undefined {
  if (httpVersion !== '2' || (speaks !== 'http' && speaks !== 'https')) return undefined;
  if (speaks === 'https') return config.http2 ? undefined : { kind: 'bad', message: 'HTTP/2 is not spoken here: it is off (--http2).' };
  return config.h2c ? undefined : { kind: 'bad', message: 'HTTP/2 is spoken over TLS alone here: in clear it is off (--h2c).' };
}

const blank: Omit<Explanation, 'asked'> = {
  matched: false,
  summary: '',
  listener: undefined,
  tls: undefined,
  edge: [],
  request: undefined,
  candidates: [],
  omittedCandidates: 0,
  winner: undefined,
  filters: [],
  effects: [],
  answer: undefined,
  backends: [],
  problems: [],
  notes: [],
};

function servesTls({ speaks }: ReadQuestion): boolean {
  return speaks === 'https' || speaks === 'tls';
}

/** By the lists that hold for every connection of the installation. */
function isRefused(client: string | undefined, { table, config }: ExplainContext): boolean {
  if (client === undefined) return false;
  const own = table.settings.get(installationKey);
  const clients = { allow: own?.allowCidrs ?? config.allowCidrs, deny: own?.denyCidrs ?? config.denyCidrs };
  return !isClientAllowed({ clients }, plainAddress(client));
}

function explainL4(begun: Explanation, read: ReadQuestion, listener: Listener, question: Question, context: ExplainContext): Explanation {
  const protocol = listener.protocol === 'udp' ? 'udp' : 'tcp';
  const route = findL4Route(context.table, listener.key, protocol, question.client === undefined ? '' : plainAddress(question.client));
  if (route === undefined) {
    const then = protocol === 'udp' ? 'datagrams are dropped' : 'connections are ended as no_route';
    return { ...begun, summary: `No route is for the listener ${listener.key}, so ${then}.` };
  }
  const kernel = route.kernel === undefined ? [] : ['The kernel forwards it: workers see none of it.'];
  const named = read.hostText === '' ? [] : [`Everything that arrives on ${listener.key} goes the same way, whatever host is meant.`];
  const notes = [...begun.notes, ...named, ...kernel];
  return explainConnection({ ...begun, notes }, { ...route, carrier: protocol }, question, context);
}

function* explainHttp(
  begun: Explanation,
  read: ReadQuestion,
  listener: Listener,
  question: Question,
  context: ExplainContext,
): Steps<Explanation> {
  const isTls = servesTls(read);
  const head =
    read.speaks === 'tls'
      ? undefined
      : requestHead(question, read, { maxHeadBytes: context.config.maxHeaderBytes, maxHeaders: context.config.maxHeaders });
  const names = [
    ...(isTls && read.serverName !== undefined ? [read.serverName] : []),
    ...(head !== undefined && 'host' in head ? [head.host] : []),
  ];
  const compiled = compileForNames(context.table, names);
  if (isTls) {
    const direct = throughTls(begun, compiled, read, listener, question, context);
    if (direct !== undefined) return direct;
  }
  const found = isTls ? findTls(compiled, read.serverName, context) : undefined;
  const secured = found === undefined ? begun : { ...begun, tls: found.step };
  if (found?.step.kind === 'refused') return { ...secured, summary: `The TLS handshake is refused: ${found.step.says}.` };
  if (head === undefined) {
    const summary = `TLS for ${read.serverName ?? 'a ClientHello without a name'} ends here and has to have HTTP in it: ask https://${read.authority}/ in place of tls://.`;
    return { ...secured, summary };
  }
  return yield* explainRequest(secured, { head, listener, compiled, found, client: question.client }, context);
}

/** A connection whose server name sends it to a backend as a whole; undefined: NetworkProxy gets it. */
function throughTls(
  begun: Explanation,
  compiled: CompiledTable,
  { serverName }: ReadQuestion,
  listener: Listener,
  question: Question,
  context: ExplainContext,
): Explanation | undefined {
  const target = targetOfHost(compiled, { serverName }, listener);
  if (target === undefined) return undefined;
  if (target.way !== 'unread') {
    const { step } = findTls(compiled, serverName, context);
    return explainConnection(
      { ...begun, tls: step },
      { ...target, carrier: target.way === 'reencrypted' ? 'tls' : 'tcp' },
      question,
      context,
    );
  }
  const host = serverName === undefined ? undefined : compiled.findHost(serverName)?.key;
  const says = 'the server name sends the connection on unread, so its backend shows a certificate and not we';
  const tls = { serverName, host, kind: 'passes', certificates: [], minVersion: undefined, clientCertificate: 'none', says } as const;
  const notes = [...begun.notes, 'Path, method and headers are inside of the TLS: they decide nothing here.'];
  return explainConnection({ ...begun, tls, notes }, { ...target, carrier: 'tls' }, question, context);
}
