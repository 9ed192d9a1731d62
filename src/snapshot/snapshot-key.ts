import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, SmartProxyError } from '../errors.ts';

const keyBytes = 32;

/**
 * The 32-byte key of the snapshot: 64 hex digits or 44 base64 characters in `file`. With `create` a missing file is made with a new
 * key, readable by its owner only.
 * @throws SmartProxyError STATE_UNUSABLE or SNAPSHOT_INVALID
 */
export async function readSnapshotKey(file: string, create: boolean): Promise<Buffer> {
  try {
    return parseKey(file, await readFile(file, 'utf8'));
  } catch (error) {
    const missing = error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && create) return await createKey(file);
    if (error instanceof SmartProxyError) throw error;
    throw new SmartProxyError('STATE_UNUSABLE', `Cannot read the snapshot key ${file}: ${messageOf(error)}`, { cause: error });
  }
}

function parseKey(file: string, text: string): Buffer {
  const trimmed = text.trim();
  const key = Buffer.from(trimmed, /^[0-9a-f]{64}$/i.test(trimmed) ? 'hex' : 'base64');
  if (key.length === keyBytes) return key;
  throw new SmartProxyError('SNAPSHOT_INVALID', `Cannot use the snapshot key ${file}: it must hold 32 bytes as hex or base64`);
}

async function createKey(file: string): Promise<Buffer> {
  const key = randomBytes(keyBytes);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    await chmod(file, 0o600);
  } catch (error) {
    throw new SmartProxyError('STATE_UNUSABLE', `Cannot create the snapshot key ${file}: ${messageOf(error)}`, { cause: error });
  }
  return key;
}
