import { encode, encodingLength, type Packet } from 'dns-packet';
import { type DnsRecord, recordTtlSeconds } from './dns-provider.ts';
import { encodedName } from './message-records.ts';

/** Opcode UPDATE (RFC 2136, 1.3), in its place among the flags. */
const update = 5 << 11;
/** For "this record, and no other of its name" (RFC 2136, 2.5.4), which the library has no word for. */
const noClass = 254;

/** What a server answers with (RFC 1035, 4.1.1, and RFC 2136, 2.2), as the rest of a sentence about it. */
const refusals: Readonly<Record<number, string>> = {
  1: 'does not understand the update (FORMERR)',
  2: 'fails (SERVFAIL)',
  4: 'takes no updates (NOTIMP)',
  5: 'refuses the update (REFUSED): the key may not change this name',
  9: 'is not the primary of the zone, or does not let this key change it (NOTAUTH)',
  10: 'says that the name is not in the zone (NOTZONE)',
};

/** A message that adds a record, or takes it away. */
export function updateMessage(action: 'present' | 'cleanUp', { name, zone, value }: DnsRecord, id: number): Buffer {
  const isRemoval = action === 'cleanUp';
  const questions: Packet['questions'] = [{ name: zone, type: 'SOA', class: 'IN' }];
  const ttl = isRemoval ? 0 : recordTtlSeconds;
  const authorities: Packet['authorities'] = [{ name, type: 'TXT', class: 'IN', ttl, data: [value] }];
  const message = encode({ type: 'query', id, flags: update, questions, authorities });
  if (isRemoval) message.writeUInt16BE(noClass, encodingLength({ questions }) + encodedName(name).length + 2);
  return message;
}

/** Why the server did not do it; undefined: it did. */
export function updateRefusal(answer: Buffer): string | undefined {
  const code = answer.readUInt16BE(2) & 0xf;
  return code === 0 ? undefined : (refusals[code] ?? `answers with code ${code}`);
}
