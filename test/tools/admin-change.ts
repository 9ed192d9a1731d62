import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './running-command.ts';

const token = 'the-admin-token-of-tests';

/** A file with the token that `adminChange` shows, for `--admin-token-file`. */
export async function adminTokenFile(t: TestContext): Promise<string> {
  const file = join(await temporaryFolder(t), 'token');
  await writeFile(file, `${token}\n`);
  return file;
}

/** Changes something over the admin port; resolves to the status. @param shown the token; '' for none */
export function adminChange(port: number, method: 'PUT' | 'DELETE', path: string, shown = token): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'localhost', ...(shown !== '' && { authorization: `Bearer ${shown}` }) };
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', reject);
    sent.end();
  });
}
