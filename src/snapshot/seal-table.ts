import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { messageOf, SmartProxyError } from '../errors.ts';
import { applyDelta } from '../routes/apply-delta.ts';
import { diffTables } from '../routes/diff-tables.ts';
import { decodeDelta, encodeDelta, type WireDelta } from '../routes/encode-delta.ts';
import { emptyRouteTable, type RouteTable } from '../routes/route-table.ts';

/** Begins every file and is authenticated with it: the number changes when the table's shape does. */
const magic = Buffer.from('smartproxy-ingress snapshot 3\n');
const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** A table as encrypted bytes (magic, nonce, tag, AES-256-GCM). Private keys are in it, which is why it is never in clear on disk. */
export function sealTable(table: RouteTable, key: Buffer): Buffer {
  const plain = serialize(encodeDelta(diffTables(emptyRouteTable, table) ?? {}));
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce);
  cipher.setAAD(magic);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([magic, nonce, cipher.getAuthTag(), sealed]);
}

/**
 * The table in `bytes`.
 * @throws SmartProxyError SNAPSHOT_INVALID: another format, another key, or a changed byte
 */
export function openTable(bytes: Buffer, key: Buffer): RouteTable {
  if (!bytes.subarray(0, magic.length).equals(magic)) throw invalid('it is no snapshot of this version');
  const nonceEnd = magic.length + nonceBytes;
  const tagEnd = nonceEnd + tagBytes;
  if (bytes.length < tagEnd) throw invalid('it is cut short');
  return applyDelta(emptyRouteTable, decodeDelta(decrypt(bytes, key, nonceEnd, tagEnd)));
}

function decrypt(bytes: Buffer, key: Buffer, nonceEnd: number, tagEnd: number): WireDelta {
  try {
    const decipher = createDecipheriv(algorithm, key, bytes.subarray(magic.length, nonceEnd));
    decipher.setAAD(magic);
    decipher.setAuthTag(bytes.subarray(nonceEnd, tagEnd));
    // Only what authenticates is deserialised.
    return deserialize(Buffer.concat([decipher.update(bytes.subarray(tagEnd)), decipher.final()])) as WireDelta;
  } catch (error) {
    throw invalid(`it was changed, or written with another key (${messageOf(error)})`);
  }
}

function invalid(reason: string): SmartProxyError {
  return new SmartProxyError('SNAPSHOT_INVALID', `Cannot use the last-good snapshot: ${reason}`);
}
