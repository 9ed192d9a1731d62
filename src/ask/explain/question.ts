import { isIP } from 'node:net';

/** What somebody wants to know: where this would go. */
export interface Question {
  /** `https://shop.example.com/cart?x=1`; `tls://`, `tcp://` and `udp://` for what is not HTTP. */
  readonly url: string;
  readonly method: string;
  /** `Name: value`, as on the wire; `Host` takes the place of that of the URL. */
  readonly headers: readonly string[];
  /** Server name of the ClientHello; '': it has none; undefined: the host of the URL. */
  readonly serverName: string | undefined;
  /** Address of the client; undefined: what depends on it stays open. */
  readonly client: string | undefined;
  /** What a request is written in. */
  readonly httpVersion: '1.1' | '2';
  /** Key of the listener; undefined: that of the URL's scheme and port. */
  readonly listener: string | undefined;
}

/** A question that can be answered, taken apart. */
export interface ReadQuestion {
  readonly kind: 'read';
  /** What the client speaks: HTTP in clear or over TLS, TLS with something else in it, TCP, or UDP. */
  readonly speaks: 'http' | 'https' | 'tls' | 'tcp' | 'udp';
  /** As in the URL: host and perhaps port. */
  readonly authority: string;
  /** Without port. */
  readonly hostText: string;
  /** undefined: the usual one of the scheme. */
  readonly port: number | undefined;
  /** Everything behind the authority; `/` when there is nothing. */
  readonly target: string;
  /** undefined: none is sent. */
  readonly serverName: string | undefined;
}

/** Nothing can be sent that this means. */
export interface BadQuestion {
  readonly kind: 'bad';
  /** A sentence that says why, and what to write. */
  readonly message: string;
}

const maxUrlLength = 16_384;
const maxHeaders = 100;

const spoken = { http: 'http', https: 'https', ws: 'http', wss: 'https', tls: 'tls', tcp: 'tcp', udp: 'udp' } as const;

/** Takes a question apart. What a server would refuse is left to the server: here is only what no client could send. */
export function readQuestion(question: Question): ReadQuestion | BadQuestion {
  const { url, headers, client } = question;
  if (url.length > maxUrlLength) return bad(`The URL is longer than ${maxUrlLength} characters: no part of it is looked at.`);
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s.exec(url);
  if (parts === null) return bad(withoutScheme(url));
  const [, scheme = '', authority = '', rest = ''] = parts;
  const speaks = Object.hasOwn(spoken, scheme.toLowerCase()) ? spoken[scheme.toLowerCase() as keyof typeof spoken] : undefined;
  if (speaks === undefined) return bad(`The scheme ${scheme} is not served: there are ${Object.keys(spoken).join(', ')}.`);
  if (authority.includes('@'))
    return bad("A user name before the host is never sent as it is: write --header 'Authorization: ...' in its place.");
  if (authority.startsWith('[') && !/^\[[^\]]*\](?::|$)/.test(authority))
    return bad(
      `The host ${authority.slice(0, 100)} is none: an address of IPv6 stands in brackets, [2001:db8::7], with the port behind them.`,
    );
  const [, hostText = '', portText = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(authority) ?? [];
  if (hostText === '' && speaks !== 'tcp' && speaks !== 'udp') return bad(`The URL has no host: write ${scheme}://HOST/PATH.`);
  if (portText !== '' && !isPort(portText)) return bad(`The port ${portText.slice(0, 20)} is none: write a number from 1 to 65535.`);
  if (client !== undefined && isIP(client) === 0)
    return bad(`The client ${client.slice(0, 100)} is no address: write one such as 192.0.2.7.`);
  const wrong = headerProblem(headers);
  if (wrong !== undefined) return bad(wrong);
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(question.method)) return bad('The method is none: write a word such as GET.');
  const isTls = speaks === 'https' || speaks === 'tls';
  const asked = question.serverName ?? hostText;
  const name = isTls ? serverNameOf(asked) : undefined;
  if (name === invalidName)
    return bad(`The server name ${asked.slice(0, 100)} is none: write a DNS name, or --sni '' for a ClientHello without one.`);
  const port = portText === '' ? undefined : Number(portText);
  return { kind: 'read', speaks, authority, hostText, port, target: targetOf(rest), serverName: name };
}

const invalidName = Symbol('invalid name');

/** Lower case; an address is no server name (RFC 6066 section 3). */
function serverNameOf(text: string): string | undefined | typeof invalidName {
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name === '' || isIP(name) !== 0 || name.startsWith('[')) return undefined;
  return /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(name) ? name : invalidName;
}

/** Clients send `/` where a URL has no path. */
function targetOf(rest: string): string {
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function withoutScheme(url: string): string {
  const shown = url.slice(0, 200).replace(/^[a-z]*:?\/*/i, '');
  const guess = shown === '' ? 'HOST/PATH' : url.includes('://') ? shown : url.slice(0, 200).replace(/^\/+/, '');
  return `The URL has no scheme, and over plain HTTP and over TLS it may go different ways: write http://${guess} or https://${guess}.`;
}

function headerProblem(headers: readonly string[]): string | undefined {
  if (headers.length > maxHeaders) return `There are more than ${maxHeaders} headers.`;
  for (const header of headers) {
    const shown = header.slice(0, 100).replaceAll(/[^ -~]/g, '?');
    if (/[\r\n\0]/.test(header)) return `The header ${shown} has a line break or a NUL in it: each --header is one line.`;
    if (!/^[^:\s]+:/.test(header)) return `The header ${shown} is none: write 'Name: value'.`;
  }
  return undefined;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 65_535;
}

function bad(message: string): BadQuestion {
  return { kind: 'bad', message };
}
