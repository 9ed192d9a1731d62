import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A file of the web UI, as it is kept in memory. */
export interface UiAsset {
  /** Content-Type. */
  readonly type: string;
  readonly body: Buffer;
  /** Entity tag (RFC 9110 section 8.8.3), of the content. */
  readonly etag: string;
}

/** Nothing from elsewhere, no inline script or style, in nobody's frame: a name that gets through the escaping can do nothing. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** An asset of this content. */
export function uiAsset(type: string, content: string | Buffer): UiAsset {
  const body = Buffer.from(content);
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

/** Answers with an asset, or with 304 to whoever has it. Browsers ask each time: the program behind the port may be another one by now. */
export function serveUiAsset(request: IncomingMessage, response: ServerResponse, { type, body, etag }: UiAsset): void {
  const headers = {
    etag,
    'cache-control': 'no-cache',
    'content-security-policy': contentSecurityPolicy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.includes(etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
