import { errorTable } from '../../../src/networkproxy/error-table.ts';
import type { ResponseFlag } from '../../../src/observability/counters/response-flag.ts';
import { bytesOf, digestOf, type Piece } from './payload.ts';
import { stampNames } from './stamps.ts';
import type { SoakCell, SoakService } from './world.ts';

/** A request as a client sent it. */
export interface Sent {
  /** The kind of client, for failures and counts. */
  readonly client: string;
  readonly cell: SoakCell;
  readonly method: string;
  readonly target: string;
  readonly secure: boolean;
  readonly ask: string;
  /** The request's body. */
  readonly upload: Piece;
  /** What the backend was asked to answer. */
  readonly status: number;
  readonly answer: Piece;
  readonly startMs: number;
}

/** What came back for it. */
export interface Received {
  /** 0: nothing. */
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bodyBytes: number;
  /** What is wrong with the body, when it is compared with `answer`. */
  readonly bodyProblem: string | undefined;
  /** The beginning of the body. */
  readonly text: string;
  /** The answer came to its end in order. */
  readonly whole: boolean;
  readonly error: string | undefined;
  readonly endMs: number;
}

/** `right`: what the backend was to say. `expected`: what the proxy had to say itself. */
export type Verdict =
  | { readonly kind: 'right' }
  | { readonly kind: 'expected'; readonly flag: ResponseFlag }
  | { readonly kind: 'wrong'; readonly why: string };

const right: Verdict = { kind: 'right' };
const wrong = (why: string): Verdict => ({ kind: 'wrong', why });

/** Judges one answer by what was configured at any moment between the request and its end. */
export function judge(sent: Sent, received: Received): Verdict {
  if (received.status === 0) return wrong('no answer');
  return received.headers[stampNames.backend] === undefined ? judgeOwn(sent, received) : judgeBackend(sent, received);
}

function judgeBackend(sent: Sent, { status, headers, bodyBytes, bodyProblem, whole, endMs }: Received): Verdict {
  const backend = String(headers[stampNames.backend]);
  const service = servedBy(sent, backend, endMs);
  if (service === undefined) return wrong(`${backend} was no endpoint of this path`);
  const saw = `${sent.method} ${sent.cell.host.name} ${sent.target}`;
  if (headers[stampNames.ask] !== sent.ask) return wrong('the answer to another request');
  if (headers[stampNames.saw] !== saw) return wrong(`the backend was asked ${headers[stampNames.saw]}`);
  if (status !== sent.status) return wrong(`status ${status} in place of ${sent.status}`);
  if (headers[stampNames.received] !== digestOf(bytesOf(sent.upload))) return wrong('the backend got another body');
  if (bodyProblem !== undefined) return wrong(bodyProblem);
  if (!whole) {
    return service.killed.during(sent.startMs, endMs).includes(true)
      ? { kind: 'expected', flag: 'upstream_truncated' }
      : wrong('the answer broke off');
  }
  const wanted = sent.method === 'HEAD' ? 0 : sent.answer.bytes;
  return bodyBytes === wanted ? right : wrong(`${bodyBytes} bytes in place of ${wanted}`);
}

/** The service that led to this backend while the request ran. */
export function servedBy({ cell, startMs }: Sent, backend: string, endMs: number): SoakService | undefined {
  return cell.target.during(startMs, endMs).find((service) => {
    const endpoint = service?.endpoints.find((each) => each.backend.name === backend);
    return endpoint?.state.during(startMs, endMs).includes('ready');
  });
}

/** Judges an answer without a backend's stamp. */
export function judgeOwn(sent: Sent, { status, text, whole, endMs, headers }: Received): Verdict {
  const flag = flagOf(sent, status, text, headers);
  if (flag === undefined) return wrong('an answer of nobody');
  if (!whole) return wrong('our own answer broke off');
  return isDue(flag, sent, endMs) ? { kind: 'expected', flag } : wrong(`${flag} for no reason`);
}

/** Our own answers are known by their text, which gRPC has in a field; without one (HEAD) by what may happen at all. */
function flagOf(sent: Sent, status: number, text: string, headers: Received['headers']): ResponseFlag | undefined {
  const flags = Object.keys(errorTable) as ResponseFlag[];
  const said = headers['grpc-status'] === undefined ? text.trimEnd() : headers['grpc-message'];
  const named = flags.find((flag) => said === `${errorTable[flag].status} ${errorTable[flag].text}`);
  if (named !== undefined || sent.method !== 'HEAD') return named;
  const possible: readonly ResponseFlag[] = ['no_path', 'redirect_https', 'no_endpoints', 'upstream_connect_failed', 'upstream_reset'];
  return possible.find((flag) => errorTable[flag].status === status);
}

function isDue(flag: ResponseFlag, { cell, secure, upload, startMs }: Sent, endMs: number): boolean {
  const targets = cell.target.during(startMs, endMs);
  const policies = cell.policy.during(startMs, endMs);
  switch (flag) {
    case 'no_path':
      return targets.includes(undefined);
    case 'redirect_https':
      return !secure && policies.some(({ redirects }) => redirects);
    case 'body_too_large':
      return policies.some(({ maxBodyBytes }) => upload.bytes > maxBodyBytes);
    case 'no_endpoints':
      return targets.some((service) => service?.hasReady.during(startMs, endMs).includes(false));
    case 'upstream_connect_failed':
    case 'upstream_reset':
      return targets.some((service) => service?.killed.during(startMs, endMs).includes(true));
    default:
      return false;
  }
}

/** Everything about a wrong answer, for whoever has to find out why. */
export function describe(why: string, sent: Sent, received: Received): string {
  const { cell, client, method, target, secure, upload, startMs } = sent;
  const targets = cell.target.describe((service) => service?.name ?? 'nowhere');
  const policies = cell.policy.describe((policy) => JSON.stringify(policy));
  const services = new Set(cell.target.during(startMs, received.endMs));
  const endpoints = [...services].flatMap((service) => service?.endpoints.slice(-6) ?? []);
  return [
    `${client}: ${why}`,
    `request: ${method} ${secure ? 'https' : 'http'}://${cell.host.name}${target} with ${upload.bytes} bytes`,
    `from ${startMs.toFixed(0)} to ${received.endMs.toFixed(0)} ms`,
    `answer: ${received.status} ${JSON.stringify(received.headers)} ${received.bodyBytes} bytes, whole: ${received.whole}, error: ${received.error}`,
    `its text: ${JSON.stringify(received.text)}`,
    `the path led to: ${targets}`,
    `policies: ${policies}`,
    ...endpoints.map(({ backend, state }) => `endpoint ${backend.name} ${backend.port}: ${state.describe(String)}`),
    ...[...services].map((service) => `killed ${service?.name}: ${service?.killed.describe(String)}`),
  ].join('\n  ');
}
