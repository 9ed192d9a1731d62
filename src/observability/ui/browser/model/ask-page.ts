/** What came of asking the program for a page. */
export type PageAnswer =
  | { readonly kind: 'data'; readonly data: unknown }
  /** There is no such page: the program is of another version than this UI. */
  | { readonly kind: 'missing' }
  /** The program answers, but not this: with why. */
  | { readonly kind: 'refused'; readonly status: number; readonly why: string }
  /** No program answers, or something else does. */
  | { readonly kind: 'lost'; readonly why: string };

const timeoutMs = 10_000;

/** Asks for a page, or for a change with another method. @param path from the root: `/debug/status` */
export async function askPage(path: string, init: RequestInit = {}): Promise<PageAnswer> {
  try {
    // Relative, so that it works wherever the page itself was found.
    const response = await fetch(`.${path}`, { cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(timeoutMs), ...init });
    const data = await readJson(response);
    if (data === notJson) return { kind: 'lost', why: 'what answers at this port is not smartproxy-ingress' };
    if (response.ok) return { kind: 'data', data };
    const why = errorOf(data) ?? `the program answers ${response.status}`;
    return isUnknownPage(response.status, data) ? { kind: 'missing' } : { kind: 'refused', status: response.status, why };
  } catch (error) {
    const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
    return { kind: 'lost', why: isTimeout ? `no answer within ${timeoutMs / 1000} s` : 'nothing answers at this port' };
  }
}

const notJson = Symbol('not JSON');

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return notJson;
  }
}

/** 404 is also what a change that means nothing gets. */
function isUnknownPage(status: number, data: unknown): boolean {
  return status === 404 && typeof data === 'object' && data !== null && 'pages' in data;
}

function errorOf(data: unknown): string | undefined {
  const error = typeof data === 'object' && data !== null && 'error' in data ? data.error : undefined;
  return typeof error === 'string' ? error : undefined;
}
