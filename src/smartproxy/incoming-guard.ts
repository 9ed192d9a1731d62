import type { Duplex } from 'node:stream';
import { reasonOfSocketError, type TerminationReason } from '../observability/counters/termination-reason.ts';
import type { ConnectionRecord } from './connection-record.ts';

/** Finds the record from a socket's event, so that thousands of connections share the same few listeners. */
const owner: unique symbol = Symbol('connection record');
interface OwnedStream extends Duplex {
  [owner]?: ConnectionRecord | undefined;
}

/** Listens on a client's raw socket for what ends it. */
export function guardIncoming(record: ConnectionRecord): void {
  const socket: OwnedStream = record.incoming;
  socket[owner] = record;
  socket.on('error', onError);
  socket.on('close', onRawClose);
}

/** Listens on the stream around the raw socket: from now on that one tells of errors. */
export function guardOutermost(stream: OwnedStream, record: ConnectionRecord): void {
  stream[owner] = record;
  stream.on('error', onError);
  stream.on('close', onClose);
  stream.on('secure', onSecure);
}

/** Takes our listeners away, and ours alone: others' are others' business (lesson 10). */
export function releaseIncoming(record: ConnectionRecord): void {
  const socket: OwnedStream = record.incoming;
  socket.removeListener('error', onError);
  socket.removeListener('close', onRawClose);
  socket[owner] = undefined;
  const outermost: OwnedStream | undefined = record.outermost;
  if (outermost === undefined) return;
  outermost.removeListener('error', onError);
  outermost.removeListener('close', onClose);
  outermost.removeListener('secure', onSecure);
  outermost[owner] = undefined;
}

/** An error that arrives after clean-up has nobody left to tell, and without a listener it would end the process (lesson 27). */
export function ignoreLateError(): void {}

/** Leaves one error listener on a stream that we are done with. */
export function keepErrorListener(stream: Duplex): void {
  if (!stream.listeners('error').includes(ignoreLateError)) stream.on('error', ignoreLateError);
}

function onError(this: OwnedStream, error: NodeJS.ErrnoException): void {
  const record = this[owner];
  if (record !== undefined) record.end('client', reasonOfStreamError(record, error));
}

/** Errors of OpenSSL tell of a failed handshake before its end, and of broken framing after it. */
function reasonOfStreamError(record: ConnectionRecord, error: NodeJS.ErrnoException): TerminationReason {
  const isTlsError = error.code === 'EPROTO' || error.code?.startsWith('ERR_SSL') === true || error.code?.startsWith('ERR_TLS') === true;
  if (isTlsError) return record.phase === 'handshake_timeout' ? 'handshake_failed' : 'protocol_error';
  return reasonOfSocketError(error);
}

/** The raw socket is gone. The stream around it, if any, has the last word: it may still carry the error. */
function onRawClose(this: OwnedStream): void {
  const record = this[owner];
  if (record?.outermost !== undefined) record.outermost.destroy();
  else record?.incomingClosed();
}

function onClose(this: OwnedStream): void {
  this[owner]?.incomingClosed();
}

function onSecure(this: OwnedStream): void {
  this[owner]?.secured();
}
