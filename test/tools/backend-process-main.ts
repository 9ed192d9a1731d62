// The process of a BackendProcess: answers with its name, holds `/hold` until it is told to go on.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const name = process.argv[2] ?? '';
const held: ServerResponse[] = [];
let heldEver = 0;
let awaited = Number.POSITIVE_INFINITY;

function reportHeld(): void {
  if (heldEver < awaited) return;
  awaited = Number.POSITIVE_INFINITY;
  process.send?.(heldEver);
}

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  request.resume();
  request.once('end', () => {
    if (request.url !== '/hold') {
      response.end(name);
      return;
    }
    held.push(response);
    heldEver++;
    reportHeld();
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('message', (message) => {
  if (message === 'release') {
    for (const response of held.splice(0)) response.end(name);
  } else {
    awaited = Number(message);
    reportHeld();
  }
});
process.once('disconnect', () => process.exit(0));
