import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { GrpcReader, grpcMessage } from './grpc-messages.ts';
import { stampNames } from './stamps.ts';

/** Echoes messages: one for one (`Unary`, `Chat`), the last alone (`Collect`), or each three times (`Expand`); status 0 in the trailers. */
export function answerGrpc(name: string, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const method = String(headers[':path']).split('/').at(-1);
  const reader = new GrpcReader();
  let last: Buffer | undefined;
  stream.on('error', () => {});
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      [stampNames.backend]: name,
      [stampNames.ask]: String(headers[stampNames.ask] ?? ''),
      [stampNames.saw]: `${headers[':method']} ${headers[':authority']} ${headers[':path']}`,
    },
    { waitForTrailers: true },
  );
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': String(reader.messages) }));
  stream.on('data', (chunk: Buffer) => {
    for (const message of reader.read(chunk)) {
      if (method === 'Collect') last = message;
      else for (let copy = 0; copy < (method === 'Expand' ? 3 : 1); copy++) stream.write(grpcMessage(message));
    }
  });
  stream.once('end', () => stream.end(last === undefined ? undefined : grpcMessage(last)));
}
