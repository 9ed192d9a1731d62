import type { ClientFacts } from '../client-facts.ts';
import type { RequestHead } from '../http1/message-handler.ts';

type AskedFor = Pick<RequestHead, 'host' | 'authority' | 'target'>;

/**
 * Where a browser is sent to sign in, with the URL that it asked for in the parameter `rd`, unless the template has one. A fragment stays at
 * the end.
 * @param template with variables as nginx writes them
 */
export function signInLocation(template: string, head: AskedFor, scheme: ClientFacts['scheme']): string {
  const fill = (text: string): string => text.replace(variable, (_, name: keyof typeof values) => values[name](head, scheme));
  if (/[?&]rd=/.test(template)) return fill(template);
  const end = template.indexOf('#');
  const resource = fill(end === -1 ? template : template.slice(0, end));
  const fragment = end === -1 ? '' : fill(template.slice(end));
  return `${resource}${resource.includes('?') ? '&' : '?'}rd=${encodeURIComponent(originalUrl(head, scheme))}${fragment}`;
}

/** The URL that the client asked for. @param scheme what the client speaks, whoever ends its TLS */
export function originalUrl({ authority, target }: AskedFor, scheme: ClientFacts['scheme']): string {
  return `${scheme}://${authority}${target}`;
}

const variable = /\$(host|http_host|best_http_host|scheme|pass_access_scheme|request_uri|escaped_request_uri)(?![a-z_])/g;

type Value = (head: AskedFor, scheme: string) => string;
const authorityOf: Value = ({ authority }) => authority;
const spokenScheme: Value = (_, scheme) => scheme;

const values = {
  host: ({ host }: AskedFor) => host,
  http_host: authorityOf,
  best_http_host: authorityOf,
  scheme: spokenScheme,
  pass_access_scheme: spokenScheme,
  request_uri: ({ target }: AskedFor) => target,
  escaped_request_uri: ({ target }: AskedFor) => encodeURIComponent(target),
} satisfies Readonly<Record<string, Value>>;
