import { certificatesCover, certificatesForHost } from '../../networkproxy/tls/host-certificates.ts';
import type { CompiledTable } from '../../routes/compiled-table.ts';
import type { Certificate, HostTls } from '../../routes/route-table.ts';
import type { ExplainContext } from './explain-context.ts';
import type { CertificateStep, TlsStep } from './explanation.ts';

/** What a TLS connection for a server name is shown; and its certificates, as requests on it are judged by them. */
export interface TlsFound {
  readonly step: TlsStep;
  readonly certificates: readonly Certificate[];
  readonly tls: HostTls | undefined;
}

/** @param serverName undefined: the ClientHello has none */
export function findTls(compiled: CompiledTable, serverName: string | undefined, context: ExplainContext): TlsFound {
  const host = serverName === undefined ? undefined : compiled.findHost(serverName);
  const tls = host?.tls;
  const policy = tls?.kind === 'terminate' ? tls.policy : undefined;
  const certificates = certificatesForHost(compiled.table, tls);
  const isRefused = tls === undefined && serverName !== undefined && context.config.unknownServerName === 'refuse';
  const clientCertificate = policy?.clientAuth === undefined ? 'none' : policy.clientAuth.isRequired ? 'required' : 'optional';
  const base = { serverName, host: host?.key, minVersion: policy?.minVersion, clientCertificate } as const;
  const isWithout = certificates.length === 0 && context.hostsWithoutCertificate === undefined;
  if (isWithout) {
    const says = 'there is no certificate to show, not even a default one: the handshake is refused';
    return { step: { ...base, kind: 'refused', certificates: [], says }, certificates: [], tls };
  }
  if (isRefused) {
    const says = 'no host with TLS has this name, and --unknown-server-name is refuse: the handshake is refused';
    return { step: { ...base, kind: 'refused', certificates: [], says }, certificates: [], tls };
  }
  const step: TlsStep = {
    ...base,
    kind: 'ends-here',
    certificates: certificates.map((certificate) => certificateStep(certificate, serverName)),
    says: reasonOf(serverName, host?.key, tls, certificates, context),
  };
  return { step, certificates, tls };
}

function reasonOf(
  serverName: string | undefined,
  host: string | undefined,
  tls: HostTls | undefined,
  certificates: readonly Certificate[],
  { hostsWithoutCertificate }: ExplainContext,
): string {
  const instead =
    certificates.length > 0 ? 'the default certificate is shown' : 'the default certificate is shown, which the program makes for itself';
  if (serverName === undefined) return `the ClientHello has no server name, so ${instead}`;
  if (host === undefined) return `no host covers ${serverName}, so ${instead}`;
  if (tls === undefined) return `the host ${host} has no TLS, so ${instead}`;
  if (tls.kind === 'terminate' && certificates.some(({ key }) => tls.certificates.includes(key))) return `of the host ${host}`;
  if (hostsWithoutCertificate?.includes(host) === true)
    return `the host ${host} has no certificate: run --manifests makes one, a cluster shows the default certificate`;
  return `the host ${host} has no certificate that can be used, so ${instead}`;
}

function certificateStep(certificate: Certificate, serverName: string | undefined): CertificateStep {
  const { key, names, keyType, fingerprint, notAfterMs } = certificate;
  return {
    key,
    names: names.slice(0, 20),
    keyType,
    fingerprint,
    notAfter: new Date(notAfterMs).toISOString(),
    covers: serverName !== undefined && certificatesCover([certificate], serverName),
  };
}
