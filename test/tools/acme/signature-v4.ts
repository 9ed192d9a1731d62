import { createHash, createHmac } from 'node:crypto';
import type { SeenCall } from './api-server.ts';

/**
 * Why a request is not signed as Amazon's "Signature Version 4 signing process" has it; undefined: it is. Written from that page for tests,
 * to have a second opinion.
 */
export function signatureProblem({ method, url, headers, body }: SeenCall, secretKey: string, service: string): string | undefined {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, , date, region, signedService, signedHeaders, signature] = pattern.exec(headers.authorization ?? '') ?? [];
  if (date === undefined || region === undefined || signedHeaders === undefined) return 'no Authorization of this form';
  if (signedService !== service) return `signed for ${signedService}`;
  const time = String(headers['x-amz-date']);
  if (!/^\d{8}T\d{6}Z$/.test(time) || !time.startsWith(date)) return `x-amz-date is ${time}`;
  if (!signedHeaders.split(';').includes('host')) return 'host is not signed';
  const [path = '', query = ''] = url.split('?', 2);
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => `${escaped(name)}=${escaped(value)}`).sort();
  const fields = signedHeaders.split(';').map((name) => `${name}:${String(headers[name]).trim().replace(/\s+/g, ' ')}\n`);
  const canonicalPath = path.split('/').map(escaped).join('/');
  const canonical = [method, canonicalPath, pairs.join('&'), fields.join(''), signedHeaders, hash(body)].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n');
  const key = [region, service, 'aws4_request'].reduce<Buffer>((before, part) => mac(before, part), mac(`AWS4${secretKey}`, date));
  return mac(key, text).toString('hex') === signature ? undefined : 'the signature is another one';
}

function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function mac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
