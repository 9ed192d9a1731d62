import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { dial } from '../../balancing/transport.ts';
import type { GrpcHealthCheck, HttpHealthCheck } from '../../routes/service.ts';
import { healthRequest, healthStatusOf } from './grpc-health.ts';
import { authorityOf, type CancelProbe, type ProbePlan, type ProbeResult, probeUserAgent, settleOnce, statusProblem } from './probe.ts';

/** The same as `probeHttp1` over HTTP/2. */
export function probeHttp2(plan: ProbePlan<HttpHealthCheck>, result: ProbeResult): CancelProbe {
  const { path, statuses } = plan.check;
  return ask(plan, { ':method': 'GET', ':path': path }, result, (stream, settle) => {
    stream.once('response', (headers) => settle(statusProblem(Number(headers[':status']), statuses)));
    stream.end();
  });
}

/** The endpoint is well when it says SERVING in gRPC's health checking protocol (grpc/doc/health-checking.md). */
export function probeGrpc(plan: ProbePlan<GrpcHealthCheck>, result: ProbeResult): CancelProbe {
  const headers = { ':method': 'POST', ':path': '/grpc.health.v1.Health/Check', 'content-type': 'application/grpc', te: 'trailers' };
  return ask(plan, headers, result, (stream, settle) => {
    const chunks: Buffer[] = [];
    let status: unknown;
    stream.once('response', (fields) => {
      status = fields['grpc-status'];
    });
    stream.once('trailers', (fields) => {
      status ??= fields['grpc-status'];
    });
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const health = healthStatusOf(Buffer.concat(chunks));
      if (health !== undefined) settle(health === 'SERVING' ? undefined : health);
    });
    stream.once('end', () => settle(`grpc-status ${String(status ?? 'missing')}`));
    stream.end(healthRequest(plan.check.service));
  });
}

/** One request on a connection of its own. */
function ask(
  plan: ProbePlan<HttpHealthCheck | GrpcHealthCheck>,
  headers: OutgoingHttpHeaders,
  result: ProbeResult,
  start: (stream: ClientHttp2Stream, settle: ProbeResult) => void,
): CancelProbe {
  const { check, transport, lookup, opening } = plan;
  const scheme = transport.tls === undefined ? 'http' : 'https';
  const authority = check.host ?? authorityOf(plan);
  const socket = dial(plan, transport, { onread: undefined, lookup, opening });
  // As in `probeHttp1`, only where it is needed.
  // A backend that ends without a word has ended.
  socket.allowHalfOpen = false;
  const session = process.getBuiltinModule('node:http2').connect(`${scheme}://${authorityOf(plan)}`, { createConnection: () => socket });
  const { settle, cancel } = settleOnce(result, () => {
    session.destroy();
    socket.destroy();
  });
  const fail = (error: NodeJS.ErrnoException) => settle(error.code ?? error.message);
  socket.on('error', fail);
  session.on('error', fail);
  session.once('close', () => settle('the connection ended'));
  const stream = session.request({ ...headers, ':authority': authority, ':scheme': scheme, 'user-agent': probeUserAgent });
  stream.on('error', fail);
  start(stream, settle);
  return cancel;
}
