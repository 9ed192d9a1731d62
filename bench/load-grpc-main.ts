// A client with bidirectional gRPC streams, each on a TLS connection of its own, one message under way on each, that counts the ones that come back.
import { type ClientHttp2Session, connect } from 'node:http2';
import { clientOptions, finish, isOver } from './client-main.ts';
import { messageFrame } from './grpc-message.ts';
import { unaryMessageBytes } from './peers/backend.ts';
import { benchHost, grpcPath } from './peers/peer.ts';

const { port, connections } = clientOptions;
const message = messageFrame(unaryMessageBytes);
const head = { ':method': 'POST', ':path': `${grpcPath}Echo`, 'content-type': 'application/grpc', te: 'trailers' };

let messages = 0;
let openStreams = connections;

function exchangeMessages(session: ClientHttp2Session): void {
  const stream = session.request(head);
  let read = 0;
  stream.once('response', (headers) => {
    if (headers[':status'] !== 200 || headers['grpc-status'] !== undefined)
      throw new Error(`The answer was ${headers[':status']}, grpc-status ${headers['grpc-status']}`);
  });
  stream.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read < message.length) return;
    read = 0;
    messages++;
    if (!isOver()) stream.write(message);
    else stream.end();
  });
  stream.once('trailers', (trailers) => {
    if (trailers['grpc-status'] !== '0') throw new Error(`The call ended with grpc-status ${trailers['grpc-status']}`);
    if (--openStreams === 0) finish(messages);
  });
  stream.once('close', () => {
    if (!isOver()) throw new Error('A call was ended early');
  });
  stream.write(message);
}

for (let connection = 0; connection < connections; connection++) {
  exchangeMessages(connect(`https://${benchHost}:${port}`, { rejectUnauthorized: false }));
}
