import { normaliseTarget } from '../path-normalisation.ts';
import { type Authority, isSameAuthority, parseAuthority } from './authority.ts';
import type { ParseRule } from './parse-rule.ts';

/** What a request is for: where it goes and under which name. */
export interface ResolvedTarget {
  /** Path and query, normalised. */
  readonly target: string;
  readonly path: string;
  readonly authority: Authority;
  /** The authority as sent. */
  readonly authorityText: string;
}

/**
 * Reads a request target in any of its forms but the one of CONNECT (RFC 9112 section 3.2), together with what Host said.
 * @param hostText the Host value, '' when an HTTP/1.0 request had none
 */
export function resolveTarget(
  raw: string,
  method: string,
  scheme: 'http' | 'https',
  hostAuthority: Authority,
  hostText: string,
): ResolvedTarget | ParseRule {
  if (raw.charCodeAt(0) === 0x2f /* / */) return originForm(raw, hostAuthority, hostText);
  if (raw !== '*') return absoluteForm(raw, method, scheme, hostAuthority, hostText);
  return method === 'OPTIONS' ? asteriskForm(hostAuthority, hostText) : 'asterisk-without-options';
}

function originForm(raw: string, authority: Authority, authorityText: string): ResolvedTarget | ParseRule {
  const result = normaliseTarget(raw);
  if (result.kind === 'refused') return result.rule;
  return { target: result.target, path: result.path, authority, authorityText };
}

function asteriskForm(authority: Authority, authorityText: string): ResolvedTarget {
  return { target: '*', path: '*', authority, authorityText };
}

/** `http://authority/path`: says again what the connection and Host say, or is refused. */
function absoluteForm(
  raw: string,
  method: string,
  scheme: 'http' | 'https',
  hostAuthority: Authority,
  hostText: string,
): ResolvedTarget | ParseRule {
  const schemeEnd = raw.indexOf('://');
  if (schemeEnd < 0) return 'bad-target';
  if (raw.slice(0, schemeEnd).toLowerCase() !== scheme) return 'absolute-form-scheme';
  const rest = raw.slice(schemeEnd + 3);
  const pathStart = rest.search(/[/?#]/);
  const authorityText = pathStart < 0 ? rest : rest.slice(0, pathStart);
  const authority = parseAuthority(authorityText);
  if (authority === undefined) return 'absolute-form-authority';
  if (hostText !== '' && !isSameAuthority(authority, hostAuthority, scheme)) return 'absolute-form-host-mismatch';
  const path = pathStart < 0 ? '' : rest.slice(pathStart);
  if (path === '' && method === 'OPTIONS') return asteriskForm(authority, authorityText);
  return originForm(path.charCodeAt(0) === 0x2f /* / */ ? path : `/${path}`, authority, authorityText);
}
