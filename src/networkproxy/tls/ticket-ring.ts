import { randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';

/** Of one key: 16 bytes of name, 16 for HMAC, 16 for AES, as in `ticketKeys` of Node. */
const ticketKeyBytes = 48;

/** One key, cut up as OpenSSL asks for it. */
interface TicketKey {
  readonly name: Buffer;
  readonly hmac: Buffer;
  readonly aes: Buffer;
}

/** What OpenSSL is told: 0, the ticket is not one of ours; 1, take this key; 2, take it and give the client a new ticket. */
type Verdict = 0 | 1 | 2;

/** In the order that Node reads: verdict, HMAC key, AES key, and for a new ticket name and IV. A shorter list would end the process. */
type KeyAnswer = readonly [Verdict, Buffer, Buffer, Buffer, Buffer];

/**
 * What of a context is not in its types. Node's own option `ticketKeys` has room for one key, with which every rotation would cost each
 * client a full handshake, and replicas could not read each other's tickets while they change keys one after the other.
 */
interface NativeContext {
  onticketkeycallback?: (name: Buffer, iv: Buffer, isNew: boolean) => KeyAnswer;
  enableTicketKeyCallback?(): void;
}

/**
 * The keys of session tickets: the first makes tickets, all read them. One that another than the first has made resumes its session and is
 * replaced. Contexts ask here at every ticket, so that a change of keys costs them nothing.
 */
export class TicketRing {
  #keys: readonly [TicketKey, ...TicketKey[]];

  /** @param bytes the keys one behind the other; default: one that nobody else has */
  constructor(bytes: Uint8Array = randomBytes(ticketKeyBytes)) {
    this.#keys = cut(bytes);
  }

  set(bytes: Uint8Array): void {
    this.#keys = cut(bytes);
  }

  /** From now on the tickets of `context` are made and read with these keys. A Node that can't do so keeps a key of its own for it. */
  attach({ context }: SecureContext): void {
    const native = context as NativeContext;
    native.onticketkeycallback = this.#answer;
    native.enableTicketKeyCallback?.();
  }

  readonly #answer = (name: Buffer, _iv: Buffer, isNew: boolean): KeyAnswer => {
    const keys = this.#keys;
    const [first] = keys;
    if (isNew) return [1, first.hmac, first.aes, first.name, randomBytes(16)];
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as TicketKey;
      if (key.name.equals(name)) return [i === 0 ? 1 : 2, key.hmac, key.aes, key.name, name];
    }
    return [0, first.hmac, first.aes, first.name, name];
  };
}

/** Throws where `bytes` is not one key or several. */
function cut(bytes: Uint8Array): readonly [TicketKey, ...TicketKey[]] {
  if (bytes.length === 0 || bytes.length % ticketKeyBytes !== 0) throw new Error(`Cannot use ticket keys of ${bytes.length} bytes`);
  const all = Buffer.from(bytes);
  const keys = Array.from({ length: all.length / ticketKeyBytes }, (_, i) => {
    const at = i * ticketKeyBytes;
    return { name: all.subarray(at, at + 16), hmac: all.subarray(at + 16, at + 32), aes: all.subarray(at + 32, at + 48) };
  });
  return keys as [TicketKey, ...TicketKey[]];
}
