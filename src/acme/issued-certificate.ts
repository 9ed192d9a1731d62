import { createPrivateKey } from 'node:crypto';
import type { Redacted } from '../redacted.ts';
import type { AcmeIssued } from '../translate/acme-state.ts';
import { isoTime } from '../translate/certificate-dates.ts';
import { certificateCovers } from '../translate/certificate-reader.ts';
import { quote } from '../translate/problem-list.ts';
import { parseCertificate, readCertificate } from '../translate/read-certificate.ts';
import { CaError } from './ca-error.ts';

/** Names that a message shows. */
const namesShown = 5;

/** What was ordered: names, and the key in PEM. */
interface Ordered {
  readonly names: readonly string[];
  readonly privateKey: Redacted;
}

/**
 * What came of an order. Throws a CaError when that is not what was ordered: it would take the place of a certificate that is better, and be
 * ordered again at once. One for more names than asked for is good.
 * @param chain in PEM, as the CA sent it
 */
export function issuedCertificate(chain: string, { names, privateKey }: Ordered, nowMs: number): AcmeIssued {
  const leaf = parseCertificate(chain);
  // Who passes it on may have garbled it: it can be had again.
  if (leaf === undefined) throw new CaError('use what the CA issued', 'what it sends as the certificate is none in PEM', { status: 502 });
  if (!leaf.checkPrivateKey(createPrivateKey(privateKey.reveal()))) throw useless('is for another key than that of the order');
  const data = { 'tls.crt': encoded(chain), 'tls.key': encoded(privateKey.reveal()) };
  const reading = readCertificate('issued', { kind: 'Secret', metadata: { name: 'issued' }, data });
  if (reading.kind === 'unusable') throw useless(reading.why);
  const { certificate, notBeforeMs } = reading;
  const missing = names.filter((name) => !certificateCovers(certificate, name));
  if (missing.length > 0) throw useless(`is for ${shown(certificate.names)}, and not for ${shown(missing)}`);
  const { fingerprint, notAfterMs } = certificate;
  if (notAfterMs <= nowMs) {
    const when = `from ${isoTime(notBeforeMs)} to ${isoTime(notAfterMs)}`;
    throw useless(`is valid ${when}, which is over`, 'compare the clock of this machine with that of the CA');
  }
  return { fingerprint, names, atMs: nowMs };
}

/** The order has become that, and never becomes another one. */
function useless(why: string, fix?: string): CaError {
  return new CaError('use what the CA issued', `the certificate that the CA issued ${why}`, { status: 403, fix });
}

function shown(names: readonly string[]): string {
  if (names.length === 0) return 'no DNS name';
  const rest = names.length > namesShown ? ` and ${names.length - namesShown} more` : '';
  return names.slice(0, namesShown).map(quote).join(', ') + rest;
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}
