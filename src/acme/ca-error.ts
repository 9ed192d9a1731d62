import { SmartProxyError } from '../errors.ts';

/** A CA refused something, or gave no usable answer: code ACME_FAILED with what is needed to react. */
export class CaError extends SmartProxyError {
  /** What the CA says, or why there was no answer: a sentence without its end. */
  readonly reason: string;
  /** The last part of its error type (RFC 8555, 6.7): `rateLimited`; undefined: there is none. */
  readonly type: string | undefined;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** How long the CA asks us to wait; 0 when it does not say. */
  readonly retryAfterMs: number;
  /** What to do about it, where that does not follow from the type: a sentence without its end. */
  readonly fix: string | undefined;

  constructor(
    action: string,
    reason: string,
    details: {
      readonly type?: string | undefined;
      readonly status?: number;
      readonly retryAfterMs?: number;
      readonly fix?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super('ACME_FAILED', `Cannot ${action}: ${reason}`, { cause: details.cause });
    this.reason = reason;
    this.type = details.type;
    this.status = details.status ?? 0;
    this.retryAfterMs = details.retryAfterMs ?? 0;
    this.fix = details.fix;
  }
}

/** Whether the CA could not be asked, or could not answer: nothing about our names or account was decided. */
export function isOutage(error: unknown): boolean {
  return error instanceof CaError && (error.status < 400 || error.status >= 500);
}

/** The problem document of a CA (RFC 8555, 6.7) in words: its text, then those about single names. */
export function problemText(document: unknown): string | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  const { detail, type, instance, subproblems } = document as Readonly<Record<string, unknown>>;
  const own = typeof detail === 'string' && detail !== '' ? detail : typeof type === 'string' ? type : undefined;
  const others = (Array.isArray(subproblems) ? subproblems : []).slice(0, 5).flatMap((problem) => {
    const text = problemText(problem);
    const name = (problem as { identifier?: { value?: unknown } } | null)?.identifier?.value;
    return text === undefined ? [] : [typeof name === 'string' ? `${name}: ${text}` : text];
  });
  // Where a person has to go (RFC 8555, 7.3.3).
  const where = problemType(document) === 'userActionRequired' && typeof instance === 'string' ? instance : undefined;
  const all = [own, where, ...others].filter((text) => text !== undefined).join('; ');
  return all === '' ? undefined : printable(all);
}

/** The last part of the error type of a problem document; undefined: it has none. */
export function problemType(document: unknown): string | undefined {
  const { type } = (document ?? {}) as { type?: unknown };
  return typeof type === 'string' ? type.slice(type.lastIndexOf(':') + 1) : undefined;
}

/** One line of bounded length, for messages. */
export function printable(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .slice(0, 500)
    .replace(/[.\s]+$/, '');
}
