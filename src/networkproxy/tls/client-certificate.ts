import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { SslCertificate } from '../../proxy-header/ssl-tlv.ts';

/** What of TLSSocket is not in its types: Node itself asks it so, in connections of its own server. */
interface VerifyingHandle {
  readonly _handle?: { verifyError?(): unknown } | null;
}

/** The certificate that a client has shown, verified, as backends are told of it. Texts are a character a byte, of UTF-8. */
export class ClientCertificate implements SslCertificate {
  /** As RFC 4514 writes them: `CN=ada,O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  readonly isVerified = true;
  readonly isOfHandshake: boolean;
  readonly #certificate: X509Certificate;
  #pem: string | undefined;

  /** @param isOfHandshake it was shown now, and not in a session of an earlier connection alone */
  constructor(certificate: X509Certificate, isOfHandshake = true) {
    this.isOfHandshake = isOfHandshake;
    this.#certificate = certificate;
    this.subject = asBytes(distinguishedName(certificate.subject));
    this.issuer = asBytes(distinguishedName(certificate.issuer));
  }

  /** Of its subject, the first where there are more. */
  get commonName(): Buffer | undefined {
    const name: unknown = this.#certificate.toLegacyObject().subject.CN;
    const first: unknown = Array.isArray(name) ? name[0] : name;
    return typeof first === 'string' ? Buffer.from(first) : undefined;
  }

  /** In PEM, percent-encoded. */
  get escapedPem(): string {
    this.#pem ??= encodeURIComponent(this.#certificate.toString());
    return this.#pem;
  }
}

/**
 * What a client has shown in its handshake: its certificate, undefined without one, or `false` for one that the CA did not make, or not for
 * today. OpenSSL's own verdict, which is not in a TLSSocket's public side when the socket is made by hand; where it can't be had, nothing
 * passes.
 */
export function clientCertificateOf(socket: TLSSocket): ClientCertificate | undefined | false {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const handle = (socket as unknown as VerifyingHandle)._handle;
  const isVerified = typeof handle?.verifyError === 'function' && (handle.verifyError() ?? undefined) === undefined;
  return isVerified ? new ClientCertificate(certificate, !socket.isSessionReused()) : false;
}

/** Node writes a line for each part, in the order of the certificate, with the escapes of RFC 2253. */
export function distinguishedName(lines: string): string {
  return lines
    .split('\n')
    .reverse()
    .map((line) => line.replaceAll(' + ', '+'))
    .join(',');
}

function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
