import type { CompressionPolicy } from '../../routes/policy.ts';
import type { RequestHead, ResponseHead } from '../http1/message-handler.ts';
import { lastFieldValue } from '../http1/request-lines.ts';
import { joinedField } from '../joined-field.ts';
import { type Coding, chooseCoding } from './accept-encoding.ts';

/** What describes the bytes as the backend sent them, and does not fit the compressed ones. */
const dropped: ReadonlySet<string> = new Set(['content-length', 'accept-ranges', 'content-md5', 'content-digest', 'repr-digest', 'digest']);

/** Which answers of one route are compressed, and how their heads change. */
export class Compression {
  readonly policy: CompressionPolicy;
  readonly #types: ReadonlySet<string>;
  /** `text/` for `text/*`. */
  readonly #families: readonly string[];

  constructor(policy: CompressionPolicy) {
    this.policy = policy;
    this.#types = new Set(policy.types.filter((type) => !type.endsWith('/*')));
    this.#families = policy.types.filter((type) => type.endsWith('/*')).map((type) => type.slice(0, -1));
  }

  /**
   * Whether the answer may be compressed for whoever can read it: caches must be told that it varies, also when this client can not. An answer
   * to HEAD, and a 304, speaks of the one to GET (RFC 9110, sections 9.3.2 and 15.4.5); what a 304 does not say of that may be.
   */
  isEligible(head: ResponseHead, request: RequestHead): boolean {
    const { status, headers, body } = head;
    const isHead = request.method === 'HEAD';
    if (status === 204 || status === 206 || (body.kind === 'none' && status !== 304 && !isHead)) return false;
    if (body.kind === 'length' && body.bytes < this.policy.minBytes) return false;
    if (isHead && status !== 304 && Number(lastFieldValue(headers, 'content-length') ?? Infinity) < this.policy.minBytes) return false;
    const coded = lastFieldValue(headers, 'content-encoding');
    if (coded !== undefined && coded.toLowerCase() !== 'identity') return false;
    if (lastFieldValue(headers, 'content-range') !== undefined) return false;
    const isOfType = this.#isOfType(headers) || (status === 304 && lastFieldValue(headers, 'content-type') === undefined);
    return isOfType && !forbidsTransform(headers) && !forbidsTransform(request.headers);
  }

  /** The coding for this client; undefined: none. */
  codingFor(request: RequestHead): Coding | undefined {
    return chooseCoding(joinedField(request.headers, 'accept-encoding'), this.policy.algorithms);
  }

  #isOfType(headers: readonly string[]): boolean {
    const type = (lastFieldValue(headers, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    return this.#types.has(type) || this.#families.some((family) => type.startsWith(family));
  }
}

/** The head of an answer that depends on Accept-Encoding and is not compressed. */
export function varyingHead(head: ResponseHead): ResponseHead {
  return { ...head, headers: [...head.headers, 'vary', 'Accept-Encoding'] };
}

/**
 * The head of a 304 whose 200 depends on Accept-Encoding. The tag is spelled as the client got it with the 200: what is compressed has a weak
 * one.
 */
export function unmodifiedHead(head: ResponseHead, request: RequestHead): ResponseHead {
  const known = joinedField(request.headers, 'if-none-match') ?? '';
  const headers = head.headers.map((value, index) => {
    const isStrongTag = index % 2 === 1 && head.headers[index - 1] === 'etag' && value.startsWith('"');
    return isStrongTag && known.includes(`W/${value}`) ? `W/${value}` : value;
  });
  return varyingHead({ ...head, headers });
}

/** The head of an answer whose body is compressed. */
export function compressedHead(head: ResponseHead, coding: Coding): ResponseHead {
  const headers: string[] = [];
  for (let i = 0; i < head.headers.length; i += 2) {
    const name = head.headers[i] as string;
    const value = head.headers[i + 1] as string;
    if (dropped.has(name) || name === 'content-encoding') continue;
    // Other bytes, same meaning (RFC 9110, section 8.8.1).
    headers.push(name, name === 'etag' && !value.startsWith('W/') ? `W/${value}` : value);
  }
  headers.push('content-encoding', coding, 'vary', 'Accept-Encoding');
  return { ...head, headers, body: head.body.kind === 'length' ? { kind: 'chunked' } : head.body };
}

/** RFC 9111, sections 5.2.1.6 and 5.2.2.6. */
function forbidsTransform(headers: readonly string[]): boolean {
  const control = joinedField(headers, 'cache-control');
  return control !== undefined && /(?:^|[,\s])no-transform(?:$|[,\s])/i.test(control);
}
