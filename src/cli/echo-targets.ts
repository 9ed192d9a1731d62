import type { EndpointSlice } from '../api/objects.ts';
import { isLoopbackAddress } from '../local-address.ts';
import type { Snapshot } from '../sources/object-store.ts';

/** An echo server that the manifests ask for. */
export interface EchoTarget {
  readonly address: string;
  readonly port: number;
  /** `namespace/name` of the Service that it stands for. */
  readonly service: string;
}

const echoAnnotation = 'smartproxy.dev/echo';
const serviceNameLabel = 'kubernetes.io/service-name';
/** Enough for an example; a folder can't make us open thousands of ports. */
const maxTargets = 100;

/** The echo servers to run, by `address:port`: for loopback addresses of annotated EndpointSlices only. */
export function echoTargets(snapshot: Snapshot): ReadonlyMap<string, EchoTarget> {
  const targets = new Map<string, EchoTarget>();
  for (const slice of snapshot.of('EndpointSlice').values()) {
    if (slice.metadata.annotations?.[echoAnnotation] !== 'true') continue;
    for (const target of targetsOf(slice)) if (targets.size < maxTargets) targets.set(`${target.address}:${target.port}`, target);
  }
  return targets;
}

function targetsOf({ metadata, endpoints, ports }: EndpointSlice): readonly EchoTarget[] {
  const service = `${metadata.namespace}/${metadata.labels?.[serviceNameLabel] ?? metadata.name}`;
  const addresses = asList(endpoints).flatMap((endpoint) => asList(endpoint?.addresses));
  const numbers = asList(ports).flatMap((port) => (isPort(port?.port) ? [port.port] : []));
  return addresses.filter(isLoopback).flatMap((address) => numbers.map((port) => ({ address, port, service })));
}

/** Manifests are not checked by an API server: a list may be anything. */
function asList<T>(value: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}

function isPort(port: unknown): port is number {
  return typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65536;
}

function isLoopback(address: unknown): address is string {
  return typeof address === 'string' && isLoopbackAddress(address);
}
