import type { ClientCertificateRule } from '../routes/policy.ts';
import type { ClientAuth, TlsPolicy, TlsVersion } from '../routes/route-table.ts';
import { type CertificateDates, isoTime } from './certificate-dates.ts';
import type { TlsPolicyClaim } from './host-claim.ts';
import { messageFor, type ProblemList, quote } from './problem-list.ts';
import { readCaBundle } from './read-certificate.ts';
import { readRevocationLists } from './revocation-lists.ts';
import { shortHash } from './service-binding.ts';
import type { TrackedReads } from './tracked-reads.ts';
import type { ObjectRef, ProblemReason } from './translation.ts';

/** What an object says of how TLS of its hosts is spoken. */
export interface TlsPolicyWish {
  readonly ref: ObjectRef;
  readonly minVersion: TlsVersion | undefined;
  readonly alpn: TlsPolicy['alpn'];
  readonly clientAuth: ClientAuthWish | undefined;
  /** Where it stands. */
  readonly field: string;
}

export interface ClientAuthWish extends Pick<ClientCertificateRule, 'isRequired' | 'forwardCertificate'> {
  /** Name of a Secret with a `ca.crt`, and perhaps a `ca.crl`, in the namespace of the object; undefined: it can't be read, which is reported already. */
  readonly caSecret: string | undefined;
  readonly field: string;
}

/** What a wish is read with. */
export interface TlsPolicyContext {
  readonly reads: TrackedReads;
  readonly problems: ProblemList;
  readonly dates: CertificateDates;
}

/** What becomes of it; undefined: nothing is out of the ordinary. While the CA can't be had, nobody is let in. */
export function readTlsPolicy(wish: TlsPolicyWish, context: TlsPolicyContext): TlsPolicyClaim | undefined {
  const { alpn, clientAuth, field } = wish;
  if ((clientAuth ?? alpn ?? wish.minVersion) === undefined) return undefined;
  const minVersion = readMinVersion(wish, context);
  if (clientAuth === undefined && alpn === undefined && minVersion === context.reads.tls().minVersion) return undefined;
  const read = clientAuth && readCa(wish.ref, clientAuth, context);
  const content = {
    minVersion,
    alpn,
    clientAuth: clientAuth !== undefined && read !== undefined ? { isRequired: clientAuth.isRequired, ...read } : undefined,
  };
  const key = `tls-${shortHash(JSON.stringify([minVersion, [...(alpn ?? [])].sort(), clientAuth?.isRequired, read?.ca, ...(read?.crls ?? [])]))}`;
  const { isRequired = false, forwardCertificate = false } = clientAuth ?? {};
  const rule = clientAuth === undefined ? undefined : { tlsPolicy: key, isRequired, isBroken: read === undefined, forwardCertificate };
  return { policy: { key, ...content }, rule, field };
}

function readMinVersion({ ref, minVersion, field }: TlsPolicyWish, { reads, problems }: TlsPolicyContext): TlsVersion {
  const { minVersion: byDefault, floor } = reads.tls();
  if (minVersion !== 'TLSv1.2' || floor === 'TLSv1.2') return minVersion ?? byDefault;
  const place = `${field}.minVersion`;
  const sentence = 'the SmartProxyConfig has the TLS profile Modern, so TLS 1.3 alone is spoken; remove it, or have the profile changed';
  problems.add('NoEffect', place, messageFor(ref, place, sentence));
  return floor;
}

function readCa(
  ref: ObjectRef,
  { caSecret, field }: ClientAuthWish,
  { reads, problems, dates }: TlsPolicyContext,
): Pick<ClientAuth, 'ca' | 'crls'> | undefined {
  if (caSecret === undefined) return undefined;
  const key = `${ref.namespace}/${caSecret}`;
  const report = (reason: ProblemReason, sentence: string): undefined => {
    problems.add(reason, field, messageFor(ref, field, sentence));
  };
  const secret = reads.secret(key);
  if (secret === undefined) return report('SecretNotFound', `Secret ${key} does not exist, so nobody is served; create it with a ca.crt`);
  const read = readCaBundle(secret);
  if ('why' in read) return report('SecretInvalid', `Secret ${key} ${read.why}; until then nobody is served`);
  const revoked = readRevocationLists(secret, read.pem);
  if (revoked === undefined) return { ca: read.pem };
  if ('why' in revoked) return report('SecretInvalid', `Secret ${key} ${revoked.why}; until then nobody is served`);
  // OpenSSL judges the same at each handshake: this is for who wonders why.
  const validity = dates.judge(revoked.thisUpdateMs, revoked.nextUpdateMs);
  const refused = 'so certificates of clients are refused; issue it again';
  if (validity === 'expired')
    report('RevocationListExpired', `ca.crl of Secret ${key} was due to be renewed at ${isoTime(revoked.nextUpdateMs)}, ${refused}`);
  if (validity === 'early')
    report('RevocationListExpired', `ca.crl of Secret ${key} is not valid before ${isoTime(revoked.thisUpdateMs)}, ${refused}`);
  if (revoked.missing !== undefined)
    report(
      'SecretInvalid',
      `Secret ${key} has no list in ca.crl of the CA ${quote(revoked.missing)}, so its certificates are refused; add it`,
    );
  return { ca: read.pem, crls: revoked.lists };
}
