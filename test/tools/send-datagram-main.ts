// Sends its third argument to an address and port until something comes back, and prints that: a process of its own, so that it can run in
// another network namespace.
import { createSocket } from 'node:dgram';

const [, , address = '', port = '', text = ''] = process.argv;
const socket = createSocket('udp4');
const send = (): void => socket.send(text, Number(port), address);
// The network may lose it.
const again = setInterval(send, 250);
const timer = setTimeout(() => {
  process.stderr.write(`no answer from ${address} port ${port}\n`);
  process.exit(1);
}, 60_000);
socket.once('message', (answer) => {
  clearInterval(again);
  clearTimeout(timer);
  process.stdout.write(answer);
  socket.close();
});
send();
