/**
 * What a proxy has to know about a header by its name alone, for both HTTP versions. Names are in lower case, as in the message model.
 */

/** Fields that end at the next hop (RFC 9110 section 7.6.1, and the proxy credentials that are meant for us, not for the backend). */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Fields that say where the client is: a client may not write them itself. `x-forwarded-*` as a whole belongs here too. */
const forwarded: ReadonlySet<string> = new Set(['forwarded', 'x-real-ip']);

/** Fields that every recipient needs: `Connection` must never take them out of a message (RFC 9110 section 7.6.1). */
const endToEnd: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'authorization',
  'cookie',
  'set-cookie',
  'cache-control',
  'date',
  'location',
  'x-request-id',
]);

/** Fields that change framing, routing, authentication or caching: worthless or dangerous once the head has been acted on (RFC 9110 section 6.5.1). */
const notInTrailers: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'content-range',
  'authorization',
  'www-authenticate',
  'cookie',
  'set-cookie',
  'cache-control',
  'pragma',
  'age',
  'date',
  'expires',
  'vary',
  'location',
  'retry-after',
  'expect',
  'range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'max-forwards',
  'trailer',
  'proxy',
  'x-request-id',
]);

/** The field is for this hop only and is never forwarded. */
export function isHopByHop(name: string): boolean {
  return hopByHop.has(name);
}

/** The field tells a backend who the client is; it is only believed from trusted proxies. */
export function isForwarded(name: string): boolean {
  const first = name.charCodeAt(0);
  if (first === 0x78 /* x */) return name.startsWith('x-forwarded-') || name === 'x-real-ip';
  return first === 0x66 /* f */ && forwarded.has(name);
}

/** `Connection` may not name this field: a request that does is refused, in an answer the nomination is ignored. */
export function isProtectedFromNomination(name: string): boolean {
  return endToEnd.has(name) || isForwarded(name);
}

/** The field is left out of trailers. */
export function isForbiddenInTrailers(name: string): boolean {
  return notInTrailers.has(name) || hopByHop.has(name) || isForwarded(name);
}
