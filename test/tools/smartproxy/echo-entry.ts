import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { AcceptedConnection, NetworkProxyEntry } from '../../../src/networkproxy/accepted-connection.ts';
import { reasonOfSocketError } from '../../../src/observability/counters/termination-reason.ts';
import type { TestCertificate } from '../test-certificate.ts';

/** Stands in NetworkProxy's place: ends TLS where there is some, and sends every byte back. A real entry on real sockets. */
export class EchoEntry implements NetworkProxyEntry {
  readonly connections: AcceptedConnection[] = [];
  readonly #certificate: TestCertificate;

  constructor(certificate: TestCertificate) {
    this.#certificate = certificate;
  }

  handleConnection(connection: AcceptedConnection): void {
    this.connections.push(connection);
    if (connection.tls === undefined) this.#echo(connection, connection.socket);
    else this.#terminate(connection);
  }

  #terminate(connection: AcceptedConnection): void {
    const secure = new TLSSocket(connection.socket, { isServer: true, ...this.#certificate });
    connection.setOutermost(secure);
    this.#echo(connection, secure);
  }

  #echo(connection: AcceptedConnection, stream: Socket): void {
    const onData = (chunk: Buffer) => {
      if (!stream.write(chunk)) stream.pause();
    };
    const onDrain = () => stream.resume();
    const onEnd = () => connection.end('client', 'normal');
    const onError = (error: NodeJS.ErrnoException) => connection.end('client', reasonOfSocketError(error));
    stream.on('data', onData).on('drain', onDrain).on('end', onEnd).on('error', onError);
    connection.onCleanup = () => {
      stream.off('data', onData).off('drain', onDrain).off('end', onEnd).off('error', onError);
    };
    stream.resume();
  }
}
