import { Redacted } from '../redacted.ts';
import type { Certificate, SecretEntry } from './route-table.ts';
import type { BackendTls, Service } from './service.ts';
import type { PartDelta, TableDelta } from './table-delta.ts';

/** A secret in clear, in the one form that structured clone and JSON carry: never log a value that holds one. */
export interface WireSecret {
  readonly secret: string;
}

export type WireCertificate = Omit<Certificate, 'privateKey'> & { readonly privateKey: WireSecret };

type WireBackendTls = Omit<BackendTls, 'clientCertificate'> & { readonly clientCertificate: WireCertificate | undefined };

/** A service with the key of its client certificate in clear. */
export type WireService = Omit<Service, 'tls'> & { readonly tls: WireBackendTls | undefined };

type WireSecretEntry = Omit<SecretEntry, 'value'> & { readonly value: WireSecret };

/** A table delta for another process: plain data all through. */
export type WireDelta = Omit<TableDelta, 'certificates' | 'services' | 'secrets'> & {
  readonly secrets?: PartDelta<WireSecretEntry> | undefined;
  readonly certificates?: PartDelta<WireCertificate> | undefined;
  readonly services?: PartDelta<WireService> | undefined;
};

/** Makes a delta ready to leave the process. This is the only place where a secret becomes text again. */
export function encodeDelta(delta: TableDelta): WireDelta {
  const { certificates, services, secrets, ...rest } = delta;
  return {
    ...rest,
    ...(certificates === undefined ? {} : { certificates: mapSet(certificates, encodeCertificate) }),
    ...(services === undefined ? {} : { services: mapSet(services, encodeService) }),
    ...(secrets === undefined ? {} : { secrets: mapSet(secrets, encodeSecret) }),
  };
}

/** The reverse of `encodeDelta`, in the process that received it. */
export function decodeDelta(wire: WireDelta): TableDelta {
  const { certificates, services, secrets, ...rest } = wire;
  return {
    ...rest,
    ...(certificates === undefined ? {} : { certificates: mapSet(certificates, decodeCertificate) }),
    ...(services === undefined ? {} : { services: mapSet(services, decodeService) }),
    ...(secrets === undefined ? {} : { secrets: mapSet(secrets, decodeSecret) }),
  };
}

function mapSet<A, B>({ set, removed }: PartDelta<A>, convert: (entry: A) => B): PartDelta<B> {
  return { set: set.map(convert), removed };
}

function encodeSecret({ key, value }: SecretEntry): WireSecretEntry {
  return { key, value: { secret: value.reveal() } };
}

function decodeSecret({ key, value }: WireSecretEntry): SecretEntry {
  return { key, value: new Redacted(value.secret) };
}

function encodeCertificate(certificate: Certificate): WireCertificate {
  return { ...certificate, privateKey: { secret: certificate.privateKey.reveal() } };
}

function decodeCertificate(wire: WireCertificate): Certificate {
  return { ...wire, privateKey: new Redacted(wire.privateKey.secret) };
}

function encodeService(service: Service): WireService {
  const { tls } = service;
  const certificate = tls?.clientCertificate;
  if (tls === undefined || certificate === undefined) return { ...service, tls: tls && { ...tls, clientCertificate: undefined } };
  return { ...service, tls: { ...tls, clientCertificate: encodeCertificate(certificate) } };
}

function decodeService(wire: WireService): Service {
  const { tls } = wire;
  const certificate = tls?.clientCertificate;
  if (tls === undefined || certificate === undefined) return { ...wire, tls: tls && { ...tls, clientCertificate: undefined } };
  return { ...wire, tls: { ...tls, clientCertificate: decodeCertificate(certificate) } };
}
