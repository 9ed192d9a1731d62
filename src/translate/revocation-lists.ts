import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Secret } from '../api/objects.ts';
import { childrenOf, elementAt, timeOf } from './der.ts';
import { canonicalName } from './der-name.ts';
import { secretText } from './read-certificate.ts';
import { fieldsOf } from './unknown-input.ts';

/** Certificates that a CA has taken back. */
export interface RevocationLists {
  /** In PEM, one each: OpenSSL reads the first of a text. */
  readonly lists: readonly string[];
  /** From when on they hold. */
  readonly thisUpdateMs: number;
  /** Until when, by the first to end; none says: infinity. */
  readonly nextUpdateMs: number;
  /** Subject of a CA of the bundle that no list is of; undefined: each has one. */
  readonly missing: string | undefined;
}

/** Every host that asks by it carries the lists through each worker. */
const maxBytes = 262_144;
const tags = { sequence: 0x30, integer: 0x02, version: 0xa0 } as const;

/**
 * The `ca.crl` of a Secret, PEM (of one or more) or DER; undefined: it has none; or why it can't be used, as the end of a sentence.
 * @param ca certificates in PEM that clients are verified by
 */
export function readRevocationLists(secret: Secret, ca: string): RevocationLists | { readonly why: string } | undefined {
  if (!Object.hasOwn(fieldsOf(secret.data), 'ca.crl')) return undefined;
  const text = secretText(secret, 'ca.crl') ?? '';
  if (text.length > maxBytes) return { why: `has a ca.crl over ${maxBytes / 1024} KiB; keep lists of the CAs in ca.crt only` };
  const ders = text.startsWith('0') ? [Buffer.from(text, 'latin1')] : dersOf(text);
  const read = ders.map(readList);
  const [first, ...others] = read;
  if (first === undefined || others.includes(undefined))
    return { why: 'has a ca.crl that is no list of revoked certificates in PEM ("-----BEGIN X509 CRL-----") or DER; issue it again' };
  const lists = read.flatMap((list) => list ?? []);
  return {
    lists: lists.map(({ pem }) => pem),
    thisUpdateMs: Math.max(...lists.map(({ thisUpdateMs }) => thisUpdateMs)),
    nextUpdateMs: Math.min(...lists.map(({ nextUpdateMs }) => nextUpdateMs)),
    missing: missingOf(ca, new Set(lists.map(({ issuer }) => issuer))),
  };
}

interface List {
  readonly pem: string;
  /** As `canonicalName` has it. */
  readonly issuer: string;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
}

function dersOf(text: string): readonly Buffer[] {
  const blocks = text.matchAll(/-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/g);
  return [...blocks].map(([, base64 = '']) => Buffer.from(base64, 'base64'));
}

/** RFC 5280 section 5.1; undefined: it is none, by us or by OpenSSL. */
function readList(der: Buffer): List | undefined {
  const outer = elementAt(der, 0);
  if (outer?.tag !== tags.sequence || outer.end !== der.length) return undefined;
  const [body] = childrenOf(der, outer);
  if (body?.tag !== tags.sequence) return undefined;
  const fields = childrenOf(der, body);
  const [, issuer, thisUpdate, nextUpdate] = fields[0]?.tag === tags.integer ? fields.slice(1) : fields;
  const thisUpdateMs = thisUpdate && timeOf(der, thisUpdate);
  if (issuer === undefined || thisUpdateMs === undefined) return undefined;
  const nextUpdateMs = (nextUpdate && timeOf(der, nextUpdate)) ?? Number.POSITIVE_INFINITY;
  const pem = `-----BEGIN X509 CRL-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END X509 CRL-----\n`;
  if (!isAccepted(pem)) return undefined;
  return { pem, issuer: canonicalName(der, issuer), thisUpdateMs, nextUpdateMs };
}

function isAccepted(crl: string): boolean {
  try {
    createSecureContext({ crl });
    return true;
  } catch {
    return false;
  }
}

/** OpenSSL refuses whoever shows a certificate of a CA without a list. */
function missingOf(ca: string, issuers: ReadonlySet<string>): string | undefined {
  for (const [pem] of ca.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)) {
    const certificate = new X509Certificate(pem);
    if (!issuers.has(subjectOf(certificate.raw))) return certificate.subject.replaceAll('\n', ', ');
  }
  return undefined;
}

/** The subject of a certificate (RFC 5280 section 4.1), as `canonicalName` has it. */
function subjectOf(der: Buffer): string {
  const outer = elementAt(der, 0);
  const body = outer && childrenOf(der, outer)[0];
  const fields = body === undefined ? [] : childrenOf(der, body);
  const subject = fields[fields[0]?.tag === tags.version ? 5 : 4];
  return subject === undefined ? '' : canonicalName(der, subject);
}
