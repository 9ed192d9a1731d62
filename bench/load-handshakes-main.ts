// A client that opens TLS connections, one after the other on each of several lanes, makes one request on each, and counts them.
import { connect, type TLSSocket } from 'node:tls';
import { clientOptions, finish, isOver } from './client-main.ts';
import { benchHost } from './peers/peer.ts';

const { port, connections, resume = false } = clientOptions;
const request = `GET / HTTP/1.1\r\nHost: ${benchHost}\r\nConnection: close\r\n\r\n`;
const answer = 'HTTP/1.1 200';

let handshakes = 0;
let openLanes = connections;

/** The newest ticket is used: some servers give a new one with every connection. */
function nextConnection(session: Buffer | undefined): void {
  let newest = session;
  let received = '';
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername: benchHost, rejectUnauthorized: false, session });
  socket.on('session', (ticket: Buffer) => {
    newest = ticket;
  });
  socket.once('secureConnect', () => {
    if (socket.isSessionReused() !== (session !== undefined)) throw new Error(`The session was ${resume ? 'not ' : ''}resumed`);
    socket.write(request);
  });
  socket.on('data', (chunk: Buffer) => {
    if (received.length < answer.length) received += chunk.toString('latin1', 0, answer.length);
  });
  socket.once('close', () => {
    if (!received.startsWith(answer)) throw new Error(`The answer was "${received}"`);
    handshakes++;
    if (!isOver()) nextConnection(resume ? newest : undefined);
    else if (--openLanes === 0) finish(handshakes);
  });
}

for (let lane = 0; lane < connections; lane++) nextConnection(undefined);
