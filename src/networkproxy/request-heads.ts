import type { MatchRequest } from '../routes/compiled-table.ts';
import type { RequestHead } from './http1/message-handler.ts';

/** Stands for a request whose head could not be read. */
export function unreadableHead(scheme: RequestHead['scheme'], version: RequestHead['version']): RequestHead {
  return {
    method: '',
    scheme,
    host: '',
    authority: '',
    target: '',
    path: '',
    headers: [],
    version,
    body: { kind: 'none' },
    keepAlive: false,
    expectContinue: false,
    upgrade: undefined,
  };
}

/** What routes match of a request. */
export function matchRequestOf(head: RequestHead): MatchRequest {
  const { target } = head;
  const mark = target.indexOf('?');
  return {
    host: head.host,
    method: head.method,
    path: head.path,
    query: mark === -1 ? '' : target.slice(mark + 1),
    headers: head.headers,
  };
}
