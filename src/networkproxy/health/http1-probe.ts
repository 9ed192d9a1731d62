import { dial } from '../../balancing/transport.ts';
import type { HttpHealthCheck } from '../../routes/service.ts';
import { authorityOf, type CancelProbe, type ProbePlan, type ProbeResult, probeUserAgent, settleOnce, statusProblem } from './probe.ts';

/** The endpoint is well when it answers a GET with an expected status. Each probe has a connection of its own. */
export function probeHttp1(plan: ProbePlan<HttpHealthCheck>, result: ProbeResult): CancelProbe {
  const { check, transport, lookup, opening } = plan;
  // Not imported: a worker that checks nothing saves what the module needs, which is megabytes.
  const request = process.getBuiltinModule('node:http').request({
    method: 'GET',
    path: check.path,
    headers: { host: check.host ?? authorityOf(plan), 'user-agent': probeUserAgent, connection: 'close' },
    createConnection: () => dial(plan, transport, { onread: undefined, lookup, opening }),
  });
  const { settle, cancel } = settleOnce(result, () => request.destroy());
  request.once('response', ({ statusCode = 0 }) => settle(statusProblem(statusCode, check.statuses)));
  // An answer of another protocol, a connection that is refused, a certificate that does not verify.
  request.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
  request.end();
  return cancel;
}
