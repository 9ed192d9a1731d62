/**
 * The one rule for paths (docs/paths.md): what is normalised, what is refused. Routes match the result and backends get it, so that
 * nothing can be reached under a spelling that the routes did not see.
 */
export type PathRule =
  | 'target-not-absolute' // an origin-form target begins with '/'
  | 'target-byte' // a control byte, a space, or a byte outside ASCII
  | 'target-fragment' // '#'
  | 'path-backslash' // '\' or %5C
  | 'path-encoded-slash' // %2F
  | 'path-encoded-control' // %00-%1F, %7F
  | 'path-bad-escape' // '%' without two hexadecimal digits
  | 'path-overlong-escape' // %C0 or %C1 before a continuation byte: ASCII in disguise
  | 'path-dot-parameter' // '..;x' or '.;x': a dot segment to servers that cut parameters first
  | 'path-above-root'; // more '..' than segments

/** `target` is path and query as forwarded; `path` alone is what routes match. */
export type TargetResult =
  | { readonly kind: 'target'; readonly target: string; readonly path: string }
  | { readonly kind: 'refused'; readonly rule: PathRule };

const SLASH = 0x2f;
const DOT = 0x2e;
const QUERY = 0x3f;
const PERCENT = 0x25;
const HASH = 0x23;
const BACKSLASH = 0x5c;

/** Normalises an origin-form target. A target that is normal already is returned as the same string. */
export function normaliseTarget(target: string): TargetResult {
  const end = normalPathEnd(target);
  if (end === target.length) return { kind: 'target', target, path: target };
  if (end > 0) {
    const rule = checkQuery(target, end + 1);
    return rule === undefined ? { kind: 'target', target, path: target.slice(0, end) } : { kind: 'refused', rule };
  }
  return normaliseUnusual(target);
}

/** The length of the path when it needs no work (up to '?' or the end), else -1. One pass over the bytes, nothing allocated. */
function normalPathEnd(target: string): number {
  if (target.charCodeAt(0) !== SLASH) return -1;
  let previous = 0;
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code === QUERY) return i;
    if (code <= 0x20 || code >= 0x7f || code === PERCENT || code === HASH || code === BACKSLASH) return -1;
    if (previous === SLASH && (code === SLASH || code === DOT)) return -1;
    previous = code;
  }
  return target.length;
}

function checkQuery(target: string, from: number): PathRule | undefined {
  for (let i = from; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return 'target-byte';
    if (code === HASH) return 'target-fragment';
  }
  return undefined;
}

function normaliseUnusual(target: string): TargetResult {
  if (target.charCodeAt(0) !== SLASH) return { kind: 'refused', rule: 'target-not-absolute' };
  const queryStart = target.indexOf('?');
  const rawPath = queryStart < 0 ? target : target.slice(0, queryStart);
  const rule = refusalOf(rawPath) ?? checkQuery(target, rawPath.length + 1);
  if (rule !== undefined) return { kind: 'refused', rule };
  const path = resolveSegments(normaliseEscapes(rawPath));
  if (path === undefined) return { kind: 'refused', rule: 'path-above-root' };
  return { kind: 'target', target: queryStart < 0 ? path : path + target.slice(queryStart), path };
}

function refusalOf(path: string): PathRule | undefined {
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return 'target-byte';
    if (code === HASH) return 'target-fragment';
    if (code === BACKSLASH) return 'path-backslash';
    if (code !== PERCENT) continue;
    const rule = escapeRefusal(path, i);
    if (rule !== undefined) return rule;
    i += 2;
  }
  return dotParameter.test(path) ? 'path-dot-parameter' : undefined;
}

/** A segment of one or two dots (plain or escaped) with a parameter. */
const dotParameter = /\/(?:\.|%2e){1,2}(?:;|%3b)/i;

function escapeRefusal(path: string, at: number): PathRule | undefined {
  const code = escapedCode(path, at);
  if (code < 0) return 'path-bad-escape';
  if (code === SLASH) return 'path-encoded-slash';
  if (code === BACKSLASH) return 'path-backslash';
  if (code < 0x20 || code === 0x7f) return 'path-encoded-control';
  if (code === 0xc0 || code === 0xc1) {
    const next = path.charCodeAt(at + 3) === PERCENT ? escapedCode(path, at + 3) : -1;
    if (next >= 0x80 && next <= 0xbf) return 'path-overlong-escape';
  }
  return undefined;
}

/** The byte that the escape at this '%' stands for, -1 when it is not one. */
function escapedCode(path: string, at: number): number {
  const high = hexValue(path.charCodeAt(at + 1));
  const low = hexValue(path.charCodeAt(at + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** NaN, for a position past the end, is no digit either. */
function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x46) return code - 0x41 + 10;
  if (code >= 0x61 && code <= 0x66) return code - 0x61 + 10;
  return -1;
}

/** Escapes of unreserved characters become the characters; the others get upper-case digits. */
function normaliseEscapes(path: string): string {
  if (!path.includes('%')) return path;
  let result = '';
  let copied = 0;
  for (let i = path.indexOf('%'); i >= 0; i = path.indexOf('%', i + 3)) {
    const code = escapedCode(path, i);
    result += path.slice(copied, i) + (isUnreserved(code) ? String.fromCharCode(code) : path.slice(i, i + 3).toUpperCase());
    copied = i + 3;
  }
  return result + path.slice(copied);
}

function isUnreserved(code: number): boolean {
  if ((code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)) return true;
  return code === 0x2d || code === DOT || code === 0x5f || code === 0x7e;
}

/** Merges runs of slashes, then resolves dot segments; undefined when they lead above the root. */
function resolveSegments(path: string): string | undefined {
  const kept: string[] = [];
  const segments = path.split('/');
  const last = segments[segments.length - 1];
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') kept.push(segment);
    else if (kept.pop() === undefined) return undefined;
  }
  const isFolder = last === '' || last === '.' || last === '..';
  return kept.length === 0 ? '/' : `/${kept.join('/')}${isFolder ? '/' : ''}`;
}
