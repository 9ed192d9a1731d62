import type { Question } from './question.ts';

/** A question as the query of the page `/debug/explain`. */
export function queryOf({ url, method, headers, serverName, client, listener, httpVersion }: Question): URLSearchParams {
  const query = new URLSearchParams({ url, method });
  for (const header of headers) query.append('header', header);
  if (serverName !== undefined) query.set('sni', serverName);
  if (client !== undefined) query.set('client', client);
  if (listener !== undefined) query.set('listener', listener);
  if (httpVersion !== '1.1') query.set('httpVersion', httpVersion);
  return query;
}

/** The question of a query; the inverse of `queryOf`. */
export function questionOf(query: URLSearchParams): Question {
  return {
    url: query.get('url') ?? '',
    method: query.get('method') ?? 'GET',
    headers: query.getAll('header'),
    serverName: query.get('sni') ?? undefined,
    client: query.get('client') ?? undefined,
    listener: query.get('listener') ?? undefined,
    httpVersion: query.get('httpVersion') === '2' ? '2' : '1.1',
  };
}
