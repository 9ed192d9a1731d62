import type { HealthCheck, OutlierDetection, Service, ServiceLimits } from '../../routes/service.ts';
import { inSeconds } from './in-seconds.ts';

/**
 * How the backends of a route are spoken to and spared, a phrase each. Without what nobody set. Backends of one route have the same settings, so one
 * of its services says it for all.
 */
export function serviceEffects({ proxyProtocol, tls, slowStartMs, healthCheck, outlierDetection, limits }: Service): readonly string[] {
  const effects = [
    proxyProtocol !== undefined && `a PROXY header (version ${proxyProtocol.version}) tells the backend of the client`,
    tls !== undefined && tlsText(tls),
    healthCheck !== undefined && healthCheckText(healthCheck),
    outlierDetection !== undefined && outlierText(outlierDetection),
    slowStartMs !== undefined && `an endpoint that becomes ready has its whole share after ${inSeconds(slowStartMs)}`,
    limits !== undefined && limitsText(limits),
  ];
  return effects.filter((effect) => effect !== false);
}

function tlsText({ ca, publicCas, clientCertificate }: NonNullable<Service['tls']>): string {
  const verified = ca !== undefined ? 'by the CA that is given' : publicCas === true ? 'by public CAs' : undefined;
  const shown = clientCertificate === undefined ? '' : ', and is shown a certificate of ours';
  return `the certificate of the backend is ${verified === undefined ? 'not verified' : `verified ${verified}`}${shown}`;
}

function healthCheckText(check: HealthCheck): string {
  const what = check.kind === 'http' ? `GET ${check.path}` : check.kind === 'grpc' ? 'the health service of gRPC' : 'a connect';
  return `endpoints are asked every ${inSeconds(check.intervalMs)} whether they are well: ${what}`;
}

function outlierText({ connectFailures, errors, ejectionMs }: OutlierDetection): string {
  const causes = [`${connectFailures} connects that fail in a row`, ...(errors > 0 ? [`${errors} errors in a row`] : [])];
  return `an endpoint is out of rotation for ${inSeconds(ejectionMs)} after ${causes.join(' or ')}`;
}

function limitsText({ connections, pendingRequests, requests }: ServiceLimits): string | false {
  const bounds = [
    connections > 0 && `${connections} connections`,
    pendingRequests > 0 && `${pendingRequests} requests that wait`,
    requests > 0 && `${requests} requests`,
  ].filter((bound) => bound !== false);
  return bounds.length > 0 && `each worker lets the backend have at most ${bounds.join(', ')}`;
}
