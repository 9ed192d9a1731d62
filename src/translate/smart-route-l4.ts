import type { SmartRouteNftables, SmartRouteSpec, SmartRouteTcpBackend } from '../api/generated/smart-route.ts';
import type { KernelForwarding, L4Route } from '../routes/route.ts';
import { idleFields } from './l4-effects.ts';
import type { RouteSettings } from './route-settings.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { ProblemReason } from './translation.ts';

/** What a SmartRoute says of connections or datagrams as a whole, by listener. */
export interface SmartRouteL4 extends Pick<L4Route, 'protocol' | 'idleTimeoutMs' | 'maxSessions' | 'maxSessionsPerAddress' | 'kernel'> {
  /** `spec.tcp` or `spec.udp`. */
  readonly field: string;
  readonly backends: readonly SmartRouteTcpBackend[];
}

const defaultIdleTimeoutMs = 30_000;

/**
 * undefined: the route is one of HTTP, or of TLS that passes through by host.
 * @param settings of the object, with what it inherits
 */
export function l4Of({ tcp, udp, tls }: SmartRouteSpec, settings: RouteSettings): SmartRouteL4 | undefined {
  if (tcp !== undefined) {
    const { engine, nftables, backends } = tcp;
    return tls === undefined ? { protocol: 'tcp', field: 'spec.tcp', backends, ...kernelOf(engine, nftables) } : undefined;
  }
  if (udp === undefined) return undefined;
  const { engine, nftables, backends } = udp;
  return { protocol: 'udp', field: 'spec.udp', backends, ...sessionsOf(settings), ...kernelOf(engine, nftables) };
}

/** 0 is no limit. */
function sessionsOf({ udpIdleMs = defaultIdleTimeoutMs, maxUdpSessions = 0, maxUdpSessionsPerAddress = 0 }: RouteSettings) {
  return {
    idleTimeoutMs: udpIdleMs,
    ...(maxUdpSessions > 0 && { maxSessions: maxUdpSessions }),
    ...(maxUdpSessionsPerAddress > 0 && { maxSessionsPerAddress: maxUdpSessionsPerAddress }),
  };
}

function kernelOf(engine: string | undefined, options: SmartRouteNftables | undefined): { readonly kernel?: KernelForwarding } {
  if (engine !== 'NFTables') return {};
  const rate = options?.connectionRate;
  const connectionRate = rate && {
    perSecond: rate.perSecond,
    burst: rate.burst ?? rate.perSecond,
    per: rate.per === 'Route' ? ('route' as const) : ('client' as const),
  };
  return { kernel: { preserveSource: options?.preserveSource ?? false, connectionRate } };
}

/** What is asked for and can't be had: a kernel that does not forward for us, settings that nobody reads. @param l4 of the same object */
export function l4Problems(
  spec: SmartRouteSpec,
  l4: SmartRouteL4 | undefined,
  { nftables }: Pick<TranslateDefaults, 'nftables'>,
): readonly { readonly reason: ProblemReason; readonly field: string; readonly sentence: string }[] {
  if (l4 === undefined && spec.tcp === undefined) return [];
  const idle = idleFields(spec, l4).map(({ field, whom }) => {
    return { reason: 'NoEffect' as const, field, sentence: `it means nothing to ${whom}; remove it` };
  });
  if (l4?.kernel === undefined || nftables) return idle;
  const sentence =
    'this controller does not let the kernel forward, so connections are ended; start it with --nftables, or use the engine Node';
  return [{ reason: 'EngineUnavailable', field: `${l4.field}.engine`, sentence }, ...idle];
}
