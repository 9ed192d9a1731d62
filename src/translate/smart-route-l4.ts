import { durationValue } from '../api/annotation-values.ts';
import type { SmartRouteNftables, SmartRouteSpec, SmartRouteTcpBackend, SmartRouteUdp } from '../api/generated/smart-route.ts';
import type { KernelForwarding, L4Route } from '../routes/route.ts';
import { idleFields } from './l4-effects.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { ProblemReason } from './translation.ts';

/** What a SmartRoute says of connections or datagrams as a whole, by listener. */
export interface SmartRouteL4 extends Pick<L4Route, 'protocol' | 'idleTimeoutMs' | 'maxSessions' | 'maxSessionsPerAddress' | 'kernel'> {
  /** `spec.tcp` or `spec.udp`. */
  readonly field: string;
  readonly backends: readonly SmartRouteTcpBackend[];
}

const defaultIdleTimeoutMs = 30_000;

/** undefined: the route is one of HTTP, or of TLS that passes through by host. */
export function l4Of({ tcp, udp, tls }: SmartRouteSpec): SmartRouteL4 | undefined {
  if (tcp !== undefined) {
    const { engine, nftables, backends } = tcp;
    return tls === undefined ? { protocol: 'tcp', field: 'spec.tcp', backends, ...kernelOf(engine, nftables) } : undefined;
  }
  if (udp === undefined) return undefined;
  const { engine, nftables, backends, idleTimeout } = udp;
  const idle = idleTimeout === undefined ? undefined : durationValue(0).parse(idleTimeout);
  const idleTimeoutMs = idle?.kind === 'value' ? idle.value : defaultIdleTimeoutMs;
  return { protocol: 'udp', field: 'spec.udp', backends, idleTimeoutMs, ...sessionsOf(udp), ...kernelOf(engine, nftables) };
}

/** 0 is no limit. */
function sessionsOf({ maxSessions = 0, maxSessionsPerAddress = 0 }: SmartRouteUdp): Pick<L4Route, 'maxSessions' | 'maxSessionsPerAddress'> {
  return { ...(maxSessions > 0 && { maxSessions }), ...(maxSessionsPerAddress > 0 && { maxSessionsPerAddress }) };
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
