import type { Redacted } from '../redacted.ts';

/** A key that requests to a server of DNS are signed with (RFC 8945). */
export interface TsigKey {
  readonly name: string;
  readonly algorithm: 'hmac-sha256' | 'hmac-sha512';
  /** In base64. */
  readonly secret: Redacted;
}

/** Who writes records for an issuer, with its Secrets read. */
export type AcmeDns =
  | { readonly kind: 'rfc2136'; readonly host: string; readonly port: number; readonly tsig: TsigKey }
  | {
      readonly kind: 'webhook';
      readonly url: string;
      /** The value of `Authorization`. */
      readonly authorization: Redacted | undefined;
      /** PEM, in place of the CAs that the system trusts. */
      readonly ca: string | undefined;
    }
  | { readonly kind: 'cloudflare'; readonly token: Redacted }
  | {
      readonly kind: 'route53';
      readonly accessKeyId: string;
      readonly secretAccessKey: Redacted;
      readonly sessionToken: Redacted | undefined;
      /** undefined: the public zone of its name. */
      readonly hostedZoneId: string | undefined;
    }
  /** With the role that the pod has at Amazon. */
  | { readonly kind: 'route53-by-role'; readonly hostedZoneId: string | undefined };
