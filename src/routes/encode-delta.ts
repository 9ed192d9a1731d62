import { Redacted } from '../redacted.ts';
import type { Certificate } from './route-table.ts';
import type { PartDelta, TableDelta } from './table-delta.ts';

/** A secret in clear, in the one form that structured clone and JSON carry: never log a value that holds one. */
export interface WireSecret {
  readonly secret: string;
}

export type WireCertificate = Omit<Certificate, 'privateKey'> & { readonly privateKey: WireSecret };

/** A table delta for another process: plain data all through. */
export type WireDelta = Omit<TableDelta, 'certificates'> & { readonly certificates?: PartDelta<WireCertificate> | undefined };

/** Makes a delta ready to leave the process. This is the only place where a private key becomes text again. */
export function encodeDelta(delta: TableDelta): WireDelta {
  const { certificates, ...rest } = delta;
  if (certificates === undefined) return rest;
  return { ...rest, certificates: { set: certificates.set.map(encodeCertificate), removed: certificates.removed } };
}

/** The reverse of `encodeDelta`, in the process that received it. */
export function decodeDelta(wire: WireDelta): TableDelta {
  const { certificates, ...rest } = wire;
  if (certificates === undefined) return rest;
  return { ...rest, certificates: { set: certificates.set.map(decodeCertificate), removed: certificates.removed } };
}

function encodeCertificate(certificate: Certificate): WireCertificate {
  return { ...certificate, privateKey: { secret: certificate.privateKey.reveal() } };
}

function decodeCertificate(wire: WireCertificate): Certificate {
  return { ...wire, privateKey: new Redacted(wire.privateKey.secret) };
}
