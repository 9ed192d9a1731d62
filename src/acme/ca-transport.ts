import { AsyncLocalStorage } from 'node:async_hooks';
import { globalAgent, type RequestOptions, request } from 'node:https';
import { messageOf } from '../errors.ts';
import { readAnswer } from '../read-answer.ts';
import { jsonOf } from '../translate/unknown-input.ts';
import { CaError, printable, problemText, problemType } from './ca-error.ts';
import { lookAtDirectory } from './failure-fix.ts';

/** What holds for all requests of one conversation with a CA. */
export interface Conversation {
  /** PEM, in place of the CAs that the system trusts. */
  readonly trusted: string | undefined;
  readonly signal: AbortSignal;
}

/** A conversation that is under way. */
interface Talk extends Conversation {
  /** Of the last answer; 0: it does not say. */
  retryAfterMs: number;
}

/** A request as the library makes it. */
export interface CaRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers?: unknown;
  readonly data?: unknown;
}

export interface CaResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

const timeoutMs = 30_000;
const maxAnswerBytes = 1_048_576;
/** No CA has a limit that takes longer, and who says so would never be asked again. */
const mostRetryAfterMs = 30 * 86_400_000;
const badNonce = 'badNonce';

const conversations = new AsyncLocalStorage<Talk>();

/** Runs `talk` with these settings for each request that it leads to. */
export function inConversation<T>(conversation: Conversation, talk: () => Promise<T>): Promise<T> {
  return conversations.run({ ...conversation, retryAfterMs: 0 }, talk);
}

/** When the CA wants to be asked again, by its last answer of this conversation: milliseconds from then; 0: it does not say. */
export function askedToWaitMs(): number {
  return conversations.getStore()?.retryAfterMs ?? 0;
}

/**
 * One request to a CA. An answer that is an error rejects with the CA's words, its type and when to come back, which the library would
 * lose; but for a nonce that was used up, which the library answers itself. So does what no CA answers.
 */
export async function askCa(asked: CaRequest): Promise<CaResponse> {
  const action = `${(asked.method ?? 'get').toUpperCase()} ${asked.url}`;
  const conversation = conversations.getStore();
  if (conversation === undefined) throw new CaError(action, 'it is asked outside of a conversation');
  const response = await send(asked, action, conversation);
  conversation.retryAfterMs = retryAfterMs(response.headers['retry-after'], Date.now());
  if (response.status >= 300 && response.status < 400) {
    const { status, headers } = response;
    throw new CaError(action, `it sends us on to ${printable(headers.location ?? 'nowhere')}`, { status, fix: lookAtDirectory });
  }
  if (response.status < 400 && !isOfAcme(response.text)) {
    const type = printable(response.headers['content-type'] ?? 'none');
    throw new CaError(action, `it answers with what is neither JSON nor PEM (Content-Type ${type})`, { fix: lookAtDirectory });
  }
  if (response.status < 400) return response;
  const document = jsonOf(response.text);
  const type = problemType(document);
  if (type === badNonce) return response;
  const reason = problemText(document) ?? `it answered with status ${response.status}`;
  const isOfNoCa = type === undefined && response.status < 500 && response.status !== 429;
  throw new CaError(action, reason, {
    type,
    status: response.status,
    retryAfterMs: conversation.retryAfterMs,
    ...(isOfNoCa && { fix: lookAtDirectory }),
  });
}

/** Seconds or a date, 30 days at most; 0 when it is neither, or past. */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return ms > 0 ? Math.min(ms, mostRetryAfterMs) : 0;
}

async function send({ method, url, headers, data }: CaRequest, action: string, { trusted, signal }: Conversation): Promise<CaResponse> {
  const options: RequestOptions = {
    method: (method ?? 'get').toUpperCase(),
    headers: {
      ...(headers as Record<string, string>),
      'user-agent': 'smartproxy-ingress',
      ...(typeof data === 'string' && { 'content-length': Buffer.byteLength(data) }),
    },
    ca: trusted,
    agent: globalAgent,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  };
  try {
    return await new Promise<CaResponse>((resolve, reject) => {
      const sent = request(new URL(String(url)), options, (response) => {
        const plain = Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
        const [status, fields] = [response.statusCode ?? 0, Object.fromEntries(plain)];
        readAnswer(response, maxAnswerBytes).then((text) => resolve({ status, headers: fields, text }), reject);
      });
      sent.once('error', reject);
      sent.end(typeof data === 'string' ? data : undefined);
    });
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    const reason = timedOut ? `no answer within ${timeoutMs} ms` : messageOf(error) || String((error as NodeJS.ErrnoException).code);
    throw new CaError(action, `the CA can not be reached, ${reason}`, { cause: error });
  }
}

/** Whether it can be an answer of a CA: a document in JSON, a chain in PEM, or none. */
function isOfAcme(text: string): boolean {
  return text === '' || text.includes('-----BEGIN ') || jsonOf(text) !== undefined;
}
