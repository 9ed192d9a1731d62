import { connect } from 'node:net';
import type { TcpHealthCheck } from '../../routes/service.ts';
import { type CancelProbe, type ProbePlan, type ProbeResult, settleOnce } from './probe.ts';

/** The endpoint is well when it accepts a connection, which is reset then: nothing of it stays on either side. */
export function probeTcp({ address, port, lookup }: ProbePlan<TcpHealthCheck>, result: ProbeResult): CancelProbe {
  const socket = connect({ host: address, port, ...(lookup === undefined ? {} : { lookup }) });
  const { settle, cancel } = settleOnce(result, () => (socket.connecting ? socket.destroy() : socket.resetAndDestroy()));
  socket.once('connect', () => settle(undefined));
  socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
  return cancel;
}
