import type { CompiledTable } from '../routes/compiled-table.ts';
import type { PathMatch, RedirectTarget } from '../routes/route.ts';
import type { ClientFacts } from './client-facts.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { PathRewriter } from './path-rewriter.ts';

/** The request that is redirected. */
interface RedirectedRequest {
  readonly head: Pick<RequestHead, 'host' | 'authority' | 'target' | 'path'>;
  readonly facts: Pick<ClientFacts, 'scheme'>;
  readonly table: CompiledTable;
}

/** Where a redirect leads: a URL, or a path when nobody named a host. @param matched what the route matched of the path; undefined: the path stays */
export function redirectLocation(to: RedirectTarget, matched: PathMatch | undefined, { head, facts, table }: RedirectedRequest): string {
  const host = to.host ?? head.host;
  const target = to.path === undefined || matched === undefined ? head.target : new PathRewriter(to.path, matched).target(head);
  if (host === '') return target;
  const scheme = to.scheme ?? facts.scheme;
  const port = to.port ?? (to.scheme === undefined ? portOf(head) : publishedPort(table, scheme));
  const isUsual = port === undefined || port === (scheme === 'https' ? 443 : 80);
  return `${scheme}://${host}${isUsual ? '' : `:${port}`}${target}`;
}

/** What clients dial for a scheme; undefined: the usual port. */
function publishedPort(table: CompiledTable, scheme: 'http' | 'https'): number | undefined {
  for (const listener of table.table.listeners.values()) if (listener.protocol === scheme) return listener.publishedPort;
  return undefined;
}

function portOf({ host, authority }: RedirectedRequest['head']): number | undefined {
  const text = authority.slice(host.length + 1);
  return /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}
