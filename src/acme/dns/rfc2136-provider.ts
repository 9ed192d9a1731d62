import { randomInt } from 'node:crypto';
import { connect } from 'node:net';
import { messageOf } from '../../errors.ts';
import type { AcmeDns } from '../../translate/acme-dns.ts';
import { DnsError, type DnsProvider, type DnsRecord } from './dns-provider.ts';
import { updateMessage, updateRefusal } from './dns-update.ts';
import { signed, whyNotSigned } from './tsig.ts';

type Rfc2136 = Extract<AcmeDns, { readonly kind: 'rfc2136' }>;

const timeoutMs = 10_000;
/** Answers to an update are short. */
const maxAnswerBytes = 4096;

/** Writes records by dynamic updates (RFC 2136), over TCP and signed. */
export class Rfc2136Provider implements DnsProvider {
  readonly #server: Rfc2136;
  readonly #now: () => number;

  constructor(server: Rfc2136, now: () => number = Date.now) {
    this.#server = server;
    this.#now = now;
  }

  present(record: DnsRecord, signal: AbortSignal): Promise<void> {
    return this.#update('present', record, signal);
  }

  cleanUp(record: DnsRecord, signal: AbortSignal): Promise<void> {
    return this.#update('cleanUp', record, signal);
  }

  async #update(action: 'present' | 'cleanUp', record: DnsRecord, signal: AbortSignal): Promise<void> {
    const { host, port, tsig } = this.#server;
    const { message, mac } = signed(updateMessage(action, record, randomInt(0x10000)), tsig, this.#now());
    const fail = (why: string, cause?: unknown) =>
      new DnsError(`change ${record.name} at ${host}:${port}`, `the DNS server at ${host}:${port} ${why}`, cause);
    const answer = await exchange(host, port, message, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])).catch((error) => {
      throw fail(`can not be reached, ${messageOf(error) || String((error as NodeJS.ErrnoException).code)}`, error);
    });
    if (answer.length < 12 || answer.readUInt16BE(0) !== message.readUInt16BE(0)) throw fail('answers something else');
    const why = whyNotSigned(answer, tsig, mac, this.#now());
    // What it refuses before it knows who asks, it can not sign.
    const refusal = updateRefusal(answer);
    if (why !== undefined) throw fail(refusal === undefined ? why : `${refusal}, and ${why}`);
    if (refusal !== undefined) throw fail(refusal);
  }
}

/** One message and its answer over TCP, each behind its length (RFC 1035, 4.2.2). */
function exchange(host: string, port: number, message: Buffer, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    let received = Buffer.alloc(0);
    const done = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    socket.on('error', (error) => done(() => reject(error)));
    socket.on('end', () => done(() => reject(new Error('it ended the connection without an answer'))));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length < 2 ? undefined : received.readUInt16BE(0);
      if (length !== undefined && length > maxAnswerBytes) done(() => reject(new Error('its answer is too long')));
      else if (length !== undefined && received.length >= length + 2) done(() => resolve(received.subarray(2, length + 2)));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
  });
}
