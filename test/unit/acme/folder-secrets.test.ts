import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FolderSecrets } from '../../../src/acme/folder-secrets.ts';
import type { Secret } from '../../../src/api/objects.ts';
import { temporaryFolder } from '../../tools/running-command.ts';

test('a file that is cut or holds something else keeps nobody from the other Secrets, and is named when it is needed', async (t) => {
  const folder = join(await temporaryFolder(t), 'acme');
  const good: Secret = { kind: 'Secret', metadata: { namespace: 'shop', name: 'good', resourceVersion: '1' }, type: 'kubernetes.io/tls' };
  await mkdir(folder);
  await writeFile(join(folder, 'shop_good.json'), JSON.stringify(good));
  const broken = { cut: JSON.stringify(good).slice(0, 30), empty: '', null: 'null', other: '{"metadata":{"name":7}}' };
  for (const [name, text] of Object.entries(broken)) await writeFile(join(folder, `shop_${name}.json`), text);
  const shown: string[] = [];
  const secrets = await FolderSecrets.open(folder, {
    written: () => undefined,
    keep: ({ metadata }) => shown.push(metadata.name ?? ''),
    forget: () => {},
  });
  assert.deepEqual(shown, ['good']);
  assert.equal((await secrets.list('shop', 'kubernetes.io/tls')).length, 1);
  for (const name of Object.keys(broken))
    await assert.rejects(secrets.read(`shop/${name}`), {
      code: 'STATE_UNUSABLE',
      message: `Cannot use ${join(folder, `shop_${name}.json`)}: it holds no Secret in JSON; restore it, or delete it`,
    });
  await secrets.remove('shop/cut');
  assert.equal(await secrets.read('shop/cut'), undefined);
});
