import { probeHttp1 } from './http1-probe.ts';
import { probeGrpc, probeHttp2 } from './http2-probe.ts';
import type { CancelProbe, ProbePlan, ProbeResult } from './probe.ts';
import { probeTcp } from './tcp-probe.ts';

/** Starts the probe that a plan is for. Never throws. */
export function startProbe(plan: ProbePlan, result: ProbeResult): CancelProbe {
  const { check, transport } = plan;
  switch (check.kind) {
    case 'tcp':
      return probeTcp({ ...plan, check }, result);
    case 'grpc':
      return probeGrpc({ ...plan, check }, result);
    case 'http':
      return transport.protocol === 'h2' || transport.protocol === 'h2c'
        ? probeHttp2({ ...plan, check }, result)
        : probeHttp1({ ...plan, check }, result);
  }
}
