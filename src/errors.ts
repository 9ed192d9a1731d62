/**
 * Every error that this program raises on purpose. The message reads "Cannot <verb> <thing>: <reason>"; the code is stable and may be
 * matched by callers and by tests. A problem in a user's object is never an error: it is data (see `translate`).
 */
export type ErrorCode =
  | 'CONFIG_INVALID' // a flag or environment variable is unknown or has a bad value; exit 2
  | 'ADDRESS_IN_USE' // a listener's address is taken by another process
  | 'ADDRESS_UNAVAILABLE' // a listener's address is not on this machine or may not be bound
  | 'KUBECONFIG_INVALID' // the kubeconfig or the pod's service account cannot be read
  | 'API_REQUEST_FAILED' // the API server answered with an error status, or not at all
  | 'MANIFEST_INVALID' // a manifest file cannot be read or parsed
  | 'TABLE_INVALID' // a route table breaks an invariant and is not published
  | 'DELTA_MISMATCH' // a delta was made for another table than the one it is applied to
  | 'SNAPSHOT_INVALID' // the last-good snapshot cannot be read, or was not written by this installation
  | 'STATE_UNUSABLE' // the state folder cannot be created, read or written
  | 'TRUST_FAILED' // this machine's store of CAs is of an unknown kind, or cannot be written
  | 'ACME_FAILED' // a CA refused something, or gave no usable answer
  | 'ADMIN_UNREACHABLE' // the program that a command asks does not answer at its admin port
  | 'ADMIN_REFUSED' // the program that a command asks allows no change, or not to who asks
  | 'KERNEL_REFUSED' // the kernel's rules could not be read or written
  | 'WORKER_FAILED'; // a worker could not be started or ended without being told to

/** The one error class. `cause` keeps the underlying error. */
export class SmartProxyError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'SmartProxyError';
    this.code = code;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Ends a switch over a union: the compiler fails when a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`Cannot handle ${JSON.stringify(value)}: it is outside the declared union`);
}
