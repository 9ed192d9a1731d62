// The servers' side of the L4 cases: takes bytes after one of its own, and sends datagrams back.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { forgetClosedConnections, serverAddress, serverPort } from './l4-load.ts';

forgetClosedConnections();

const tcp = createServer({ allowHalfOpen: false }, (socket) => {
  socket.on('error', () => {});
  socket.write('x');
  socket.resume();
});
const udp = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
udp.on('message', (data, from) => udp.send(data, from.port, from.address, () => {}));

tcp.listen(serverPort, serverAddress, 1024, () => udp.bind(serverPort, serverAddress, () => process.send?.('ready')));
process.once('disconnect', () => process.exit(0));
