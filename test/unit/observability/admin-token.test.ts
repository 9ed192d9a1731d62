import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AdminToken } from '../../../src/observability/admin-token.ts';

const token = 'correct-horse-battery';

async function fileWith(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'smartproxy-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'token');
  await writeFile(file, text);
  return file;
}

test('who shows the token is allowed, and nobody else', async (t) => {
  const admin = new AdminToken(await fileWith(t, `${token}\n`));
  assert.equal(await admin.obstacle(), undefined);
  for (const good of [`Bearer ${token}`, `bearer ${token}`]) assert.equal(await admin.refusalOf(good), undefined, good);
  for (const bad of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    token,
    `Basic ${token}`,
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    `Bearer  ${token}`,
  ])
    assert.equal((await admin.refusalOf(bad))?.status, 401, bad ?? 'none');
});

test('without a usable token nobody is allowed, whatever is shown, and what to do is said without the token', async (t) => {
  const none = new AdminToken(undefined);
  assert.match((await none.obstacle()) ?? '', /--admin-token-file FILE/);
  const bad = ['', 'short', 'fifteen-letters', 'two words of a sentence', 'x'.repeat(5000)];
  for (const text of bad) {
    const refusal = await new AdminToken(await fileWith(t, text)).refusalOf(`Bearer ${text}`);
    assert.equal(refusal?.status, 403, text);
    if (text !== '') assert.ok(!refusal.message.includes(text));
  }
  const folder = await new AdminToken(tmpdir()).refusalOf(`Bearer ${token}`);
  const missing = await new AdminToken('/nonexistent/token').refusalOf(`Bearer ${token}`);
  assert.deepEqual([folder?.status, missing?.status], [403, 403]);
  assert.match(missing?.message ?? '', /\/nonexistent\/token/);
});

test('another token in the file holds at once', async (t) => {
  const file = await fileWith(t, token);
  const admin = new AdminToken(file);
  assert.equal(await admin.refusalOf(`Bearer ${token}`), undefined);
  await writeFile(file, 'another-token-of-mine');
  assert.equal((await admin.refusalOf(`Bearer ${token}`))?.status, 401);
  assert.equal(await admin.refusalOf('Bearer another-token-of-mine'), undefined);
});
