import { isIPv6 } from 'node:net';

/** `uri-host [ ":" port ]`, taken apart. */
export interface Authority {
  /** Lower case, without port and without the dot of a fully qualified name; IPv6 in brackets. */
  readonly host: string;
  /** The digits after the colon; '' when there are none. */
  readonly port: string;
}

const COLON = 0x3a;

/**
 * Reads a Host value (RFC 9110 section 7.2), undefined when it breaks the grammar or is empty. Narrower than the grammar on purpose: a
 * registered name is letters, digits and `-._~`; escapes and sub-delimiters, which no host has, are refused.
 */
export function parseAuthority(value: string): Authority | undefined {
  if (value.charCodeAt(0) === 0x5b /* [ */) return parseIpv6(value);
  let end = value.length;
  let hasUpperCase = false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === COLON) {
      end = i;
      break;
    }
    if (code >= 0x41 && code <= 0x5a) hasUpperCase = true;
    else if (!isNameByte(code)) return undefined;
  }
  const port = end === value.length ? '' : value.slice(end + 1);
  if (!isPort(port)) return undefined;
  const nameEnd = value.charCodeAt(end - 1) === 0x2e /* . */ ? end - 1 : end;
  if (nameEnd === 0) return undefined;
  const name = nameEnd === value.length ? value : value.slice(0, nameEnd);
  return { host: hasUpperCase ? name.toLowerCase() : name, port };
}

/** The same authority under one scheme: host and effective port are equal. */
export function isSameAuthority(a: Authority, b: Authority, scheme: 'http' | 'https'): boolean {
  const defaultPort = scheme === 'http' ? 80 : 443;
  return a.host === b.host && (a.port === '' ? defaultPort : Number(a.port)) === (b.port === '' ? defaultPort : Number(b.port));
}

function parseIpv6(value: string): Authority | undefined {
  const close = value.indexOf(']');
  const address = value.slice(1, close);
  if (close < 0 || address.includes('%') || !isIPv6(address)) return undefined;
  const rest = value.slice(close + 1);
  if (rest !== '' && rest.charCodeAt(0) !== COLON) return undefined;
  const port = rest.slice(1);
  return isPort(port) ? { host: value.slice(0, close + 1).toLowerCase(), port } : undefined;
}

/** `*DIGIT`, within the range of ports. */
function isPort(port: string): boolean {
  for (let i = 0; i < port.length; i++) {
    const code = port.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return port.length <= 5 && Number(port) <= 65_535;
}

function isNameByte(code: number): boolean {
  if (code >= 0x61) return code <= 0x7a || code === 0x7e;
  if (code >= 0x30 && code <= 0x39) return true;
  return code === 0x2d || code === 0x2e || code === 0x5f;
}
