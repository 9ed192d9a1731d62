import type { IncomingHttpHeaders } from 'node:http2';
import { grpcMessage } from '../../tools/grpc-raw-backend.ts';
import { Harness, type HarnessOptions, type TestRoute } from './harness.ts';
import type { Http2Answer, Http2AskOptions, Http2Client } from './http2-client.ts';

/** A proxy with h2c on both sides, and one route to these endpoints. */
export function startGrpcHarness(
  endpoints: NonNullable<TestRoute['endpoints']>,
  route: TestRoute = {},
  options: Partial<HarnessOptions> = {},
): Promise<Harness> {
  const service = { protocol: 'h2c', ...route.service } as const;
  return Harness.start({ routes: [{ ...route, endpoints, service }], ...options, config: { h2c: true, ...options.config } });
}

/** The header of a gRPC request as libraries send it. */
export const grpcHeaders = { 'content-type': 'application/grpc', te: 'trailers', 'user-agent': 'grpc-test/1' } as const;

/** One unary call by hand. */
export function askGrpc(client: Http2Client, path = '/test.Echo/Call', options: Http2AskOptions = {}): Promise<Http2Answer> {
  return client.ask(path, { method: 'POST', body: grpcMessage('question'), ...options, headers: { ...grpcHeaders, ...options.headers } });
}

/** What a client reads of a gRPC status, wherever it is: with the header (trailers only) or after the body. */
export function grpcStatusOf(answer: {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: Readonly<Record<string, unknown>>;
}): number {
  return Number(answer.headers['grpc-status'] ?? answer.trailers['grpc-status'] ?? Number.NaN);
}
