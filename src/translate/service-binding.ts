import { createHash } from 'node:crypto';
import type { Service as ServiceObject } from '../api/objects.ts';
import { externalNameProblem } from '../routes/external-name.ts';
import type { BackendProtocol, BackendTls, Service } from '../routes/service.ts';
import { protocolOf } from './app-protocol.ts';
import { quote } from './problem-list.ts';
import type { RouteSettings } from './route-settings.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { ProblemReason } from './translation.ts';
import { fieldsOf, itemsOf, portOf, textOf } from './unknown-input.ts';

/** A Service of the route table with what its endpoints are found by. */
export interface ServiceBinding {
  readonly service: Service;
  /** `namespace/name` of the Service object. */
  readonly objectKey: string;
  /** The Service port's name, which EndpointSlices repeat; '' when it has none. */
  readonly portName: string;
  readonly transport: 'TCP' | 'UDP';
  /** The DNS name of an ExternalName Service. */
  readonly externalName: string | undefined;
}

/** A binding, or why there is none: `why` ends the sentence "Service x ...". */
export type BindingResult =
  | { readonly kind: 'bound'; readonly binding: ServiceBinding }
  | { readonly kind: 'unbound'; readonly reason: ProblemReason; readonly why: string };

/** How a backend is spoken to: part of a Service's identity in the table. */
export interface BackendSettings {
  /** undefined: by the Service port's `appProtocol`. */
  readonly protocol: BackendProtocol | undefined;
  /** Whatever it is, it is spoken over TLS. */
  readonly alwaysTls: boolean;
  /** Used when the protocol is over TLS. */
  readonly tls: BackendTls;
  readonly loadBalancing: Service['loadBalancing'];
  readonly proxyProtocol: Service['proxyProtocol'];
  /** The port's protocol. @default 'TCP' */
  readonly transport?: 'TCP' | 'UDP';
  /** Settings with the default load balancing need no variant of their own. */
  readonly defaultLoadBalancing: Service['loadBalancing'];
  readonly care: EndpointCare;
  readonly allowLocalExternalNames: boolean;
}

/** Nothing is asked of TLS to a backend, should it be spoken to over it. */
export const anyBackendTls: BackendTls = { serverName: undefined, ca: undefined, clientCertificate: undefined };

/** How the endpoints of a Service are chosen and looked after, where somebody says so: what is undefined is not there at all. */
export type EndpointCare = Pick<Service, 'maxLoadPercent' | 'slowStartMs' | 'healthCheck' | 'outlierDetection' | 'limits' | 'sessions'>;

/** What routes with these settings want of the endpoints of their Services. */
function endpointCareOf(settings: RouteSettings): EndpointCare {
  const { balancing = {}, healthCheck, outlierDetection, serviceLimits } = settings;
  const { type, maxLoadPercent, slowStartMs, sessionCookie } = balancing;
  return {
    ...(type === 'consistent-hash' && maxLoadPercent !== undefined && { maxLoadPercent }),
    ...(type !== 'consistent-hash' && slowStartMs !== undefined && { slowStartMs }),
    ...(healthCheck && { healthCheck }),
    ...(outlierDetection && { outlierDetection }),
    ...(serviceLimits && { limits: serviceLimits }),
    ...(sessionCookie && sessionCookie.mode !== 'balanced' && { sessions: true }),
  };
}

/** How the backends of routes with these settings are spoken to. */
export function backendSettingsOf(settings: RouteSettings, tls: BackendTls, options: TranslateDefaults): BackendSettings {
  return {
    protocol: settings.backendProtocol,
    alwaysTls: false,
    tls,
    loadBalancing: settings.balancing?.type ?? options.loadBalancing,
    proxyProtocol: settings.backendProxyProtocol,
    defaultLoadBalancing: options.loadBalancing,
    care: endpointCareOf(settings),
    allowLocalExternalNames: options.allowLocalExternalNames,
  };
}

/** Binds one port of a Service object. @param key `namespace/name` */
export function bindService(key: string, object: ServiceObject, port: number | string, settings: BackendSettings): BindingResult {
  const spec = fieldsOf(object.spec);
  const external = spec.type === 'ExternalName';
  const { transport = 'TCP' } = settings;
  const found =
    findPort(spec.ports, port, transport) ??
    (external && typeof port === 'number' ? { number: port, name: '', appProtocol: undefined } : undefined);
  if (found === undefined)
    return unbound('ServicePortNotFound', `has no ${transport} port ${quote(String(port))}; it has ${portList(spec.ports)}`);
  let externalName: string | undefined;
  if (external) {
    externalName = (textOf(spec.externalName) ?? '').toLowerCase().replace(/\.$/, '');
    const wrong = settings.allowLocalExternalNames ? undefined : externalNameProblem(externalName);
    if (wrong !== undefined || externalName === '') {
      return unbound(
        'ExternalNameRefused',
        `has the external name ${quote(externalName)}, which ${wrong ?? 'is empty'}; name a host outside of this machine`,
      );
    }
  }
  if (transport === 'UDP')
    return {
      kind: 'bound',
      binding: { service: udpService(key, found.number), objectKey: key, portName: found.name, transport, externalName },
    };
  const spoken = settings.protocol ?? protocolOf(found.appProtocol);
  const service = tableService(key, found.number, settings.alwaysTls ? overTls[spoken] : spoken, settings);
  return { kind: 'bound', binding: { service, objectKey: key, portName: found.name, transport, externalName } };
}

const overTls = { http: 'https', https: 'https', h2c: 'h2', h2: 'h2' } as const;

function unbound(reason: ProblemReason, why: string): BindingResult {
  return { kind: 'unbound', reason, why };
}

interface FoundPort {
  readonly number: number;
  readonly name: string;
  readonly appProtocol: string | undefined;
}

function findPort(ports: unknown, wanted: number | string, transport: string): FoundPort | undefined {
  for (const item of itemsOf(ports)) {
    const port = fieldsOf(item);
    const number = portOf(port.port);
    const name = textOf(port.name) ?? '';
    if (number === undefined || (port.protocol ?? 'TCP') !== transport) continue;
    if (typeof wanted === 'number' ? number === wanted : name === wanted) return { number, name, appProtocol: textOf(port.appProtocol) };
  }
  return undefined;
}

function portList(ports: unknown): string {
  const known = itemsOf(ports)
    .slice(0, 10)
    .map((item) => {
      const { port, name, protocol } = fieldsOf(item);
      const other = protocol === undefined || protocol === 'TCP' ? '' : ` (${quote(protocol)})`;
      return `${portOf(port) ?? 'an invalid port'}${textOf(name) === undefined ? '' : ` ${quote(name)}`}${other}`;
    });
  return known.length === 0 ? 'none' : known.join(', ');
}

function tableService(objectKey: string, port: number, protocol: BackendProtocol, settings: BackendSettings): Service {
  const slash = objectKey.indexOf('/');
  const tls = protocol === 'https' || protocol === 'h2' ? settings.tls : undefined;
  const { loadBalancing, proxyProtocol, care } = settings;
  const isUsual = loadBalancing === settings.defaultLoadBalancing && proxyProtocol === undefined && Object.keys(care).length === 0;
  const plain = protocol === 'http' && isUsual;
  return {
    key: `${objectKey}:${port}${plain ? '' : `#${variantOf(protocol, tls, settings)}`}`,
    namespace: objectKey.slice(0, slash),
    name: objectKey.slice(slash + 1),
    port,
    protocol,
    tls,
    loadBalancing,
    ...(proxyProtocol && { proxyProtocol }),
    ...care,
  };
}

/** Datagrams are spread by a hash of who sent them, whatever is set for requests. A Service may have the same port for TCP, too. */
function udpService(objectKey: string, port: number): Service {
  const slash = objectKey.indexOf('/');
  return {
    key: `${objectKey}:${port}/udp`,
    namespace: objectKey.slice(0, slash),
    name: objectKey.slice(slash + 1),
    port,
    protocol: 'http',
    tls: undefined,
    loadBalancing: 'consistent-hash',
  };
}

/** Stands for all settings; of a certificate the chain does, which is public and belongs to one key alone. */
function variantOf(protocol: BackendProtocol, tls: BackendTls | undefined, settings: BackendSettings): string {
  const { loadBalancing, proxyProtocol, care } = settings;
  const { serverName = null, ca = null, clientCertificate } = tls ?? {};
  const { key = null, chain = null } = clientCertificate ?? {};
  const opening = proxyProtocol === undefined ? [] : [proxyProtocol.version, ...proxyProtocol.tlvs];
  const more = Object.keys(care).length === 0 ? [] : [care];
  return shortHash(JSON.stringify([protocol, serverName, ca, key, chain, loadBalancing, ...opening, ...more]));
}

/** Enough of a SHA-256 to tell the settings of one Service apart. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
