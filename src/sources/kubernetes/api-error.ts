import { SmartProxyError } from '../../errors.ts';

/** The API server refused a request, or gave no usable answer: code API_REQUEST_FAILED with what is needed to react. */
export class ApiError extends SmartProxyError {
  /** What the server says, or why there was no answer. */
  readonly reason: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** How long the server asks us to wait; 0 when it does not say. */
  readonly retryAfterMs: number;

  constructor(action: string, reason: string, details: { status?: number; retryAfterMs?: number; cause?: unknown } = {}) {
    super('API_REQUEST_FAILED', `Cannot ${action}: ${reason}`, { cause: details.cause });
    this.reason = reason;
    this.status = details.status ?? 0;
    this.retryAfterMs = details.retryAfterMs ?? 0;
  }
}

/** Whether an error is the API server's answer with this HTTP status. */
export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}
