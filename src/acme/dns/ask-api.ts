import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { messageOf } from '../../errors.ts';
import { readAnswer } from '../../read-answer.ts';
import { DnsError } from './dns-provider.ts';

/** A request to the API of a provider. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** PEM, in place of the CAs that the system trusts. */
  readonly ca?: string | undefined;
  readonly signal: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

const timeoutMs = 30_000;
const maxAnswerBytes = 1_048_576;

/** One request, without following redirects. Rejects with a DnsError when there is no answer; what the answer says is the caller's. */
export async function askApi({ method, url, headers, body, ca, signal }: ApiRequest): Promise<ApiAnswer> {
  const target = new URL(url);
  const options = {
    method,
    headers: { ...headers, 'user-agent': 'smartproxy-ingress', ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
    agent: false as const,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  };
  try {
    return await new Promise<ApiAnswer>((resolve, reject) => {
      const onResponse = (response: IncomingMessage) => {
        readAnswer(response, maxAnswerBytes).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
      };
      const isPlain = target.protocol === 'http:';
      const sent = isPlain ? httpRequest(target, options, onResponse) : httpsRequest(target, { ...options, ca }, onResponse);
      sent.once('error', reject);
      sent.end(body);
    });
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    const why = timedOut ? `no answer within ${timeoutMs} ms` : messageOf(error) || String((error as NodeJS.ErrnoException).code);
    throw new DnsError(`${method} ${target.origin}${target.pathname}`, `${target.host} can not be reached, ${why}`, error);
  }
}

/** Some of an answer that nobody expected, in one line for messages. */
export function excerpt(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
