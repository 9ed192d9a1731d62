import assert from 'node:assert/strict';
import { test } from 'node:test';
import { basicCredentials } from '../../../../src/networkproxy/auth/basic-credentials.ts';
import { KnownUsers } from '../../../../src/networkproxy/auth/known-users.ts';
import { PasswordChecker } from '../../../../src/networkproxy/auth/password-checker.ts';
import { isPasswordOf } from '../../../../src/networkproxy/auth/password-hash.ts';
import { readHtpasswd } from '../../../../src/routes/htpasswd.ts';

/** Made by other programs: `openssl passwd -apr1`, crypt(3), and htpasswd -s. */
const vectors: readonly (readonly [password: string, hash: string])[] = [
  ['sesame öpen', '$apr1$abcd1234$b56wYemqe5yZb2koAg70e1'],
  ['p', '$apr1$x$ya00XvwA0viq10Nb5bv6L.'],
  ['a-password-that-is-longer-than-sixteen-bytes', '$apr1$12345678$F9vnh2MxG48.5rVC4Cjkj.'],
  ['sesame', '$2b$04$abcdefghijklmnopqrstuuinwY/tkBVrn3xrxQI/TgnMHhkvl85RW'],
  ['password', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
];

for (const [password, hash] of vectors) {
  test(`password hash: ${hash.slice(0, 6)} of other programs fits its password and no other`, async () => {
    assert.equal(await isPasswordOf(password, hash), true);
    assert.equal(await isPasswordOf(`${password}x`, hash), false);
    assert.equal(await isPasswordOf('', hash), false);
  });
}

test('htpasswd: users with their hashes, the first line of a name, and what is wrong by number without a word of the line', () => {
  const [, apr1] = vectors[0] as (typeof vectors)[number];
  const bcrypt = (vectors[3] as (typeof vectors)[number])[1];
  const file = [
    '# users',
    '',
    `ada:${bcrypt}`,
    `bob:${apr1}\r`,
    'eve:plain-password',
    `ada:${apr1}`,
    'no colon',
    `:${apr1}`,
    bcrypt.replace('$04$', '$15$').replace(/^/, 'slow:'),
    `zoe:${apr1}:of the night shift: ask Bob`,
  ].join('\n');
  const { hashes, wrong } = readHtpasswd(file);
  assert.deepEqual(
    [...hashes],
    [
      ['ada', bcrypt],
      ['bob', apr1],
      ['zoe', apr1],
    ],
  );
  assert.deepEqual(
    wrong.map(({ line }) => line),
    [5, 7, 8, 9],
  );
  assert.doesNotMatch(JSON.stringify(wrong), /plain|eve|slow/);
});

test('Basic credentials: one line of UTF-8 with a colon, in any case of the scheme; everything else is none', () => {
  const of = (...values: readonly string[]) => basicCredentials(values.flatMap((value) => ['authorization', value]));
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  assert.deepEqual(of(`Basic ${encoded('ada:a:b')}`), { user: 'ada', password: 'a:b' });
  assert.deepEqual(of(`bASIC  ${encoded('ünal:ß')}`), { user: 'ünal', password: 'ß' });
  assert.deepEqual(of(`Basic ${encoded('ada:')}`), { user: 'ada', password: '' });
  for (const values of [[], ['Basic'], ['Basic !'], [`Basic ${encoded('ada')}`], [`Bearer ${encoded('a:b')}`]])
    assert.equal(of(...values), undefined);
  const right = `Basic ${encoded('ada:x')}`;
  assert.equal(of(right, right), undefined, 'of two lines somebody else may read the other');
});

test('PasswordChecker: what was right is known at once, for this hash alone; what was wrong is asked again', async (t) => {
  const checker = new PasswordChecker();
  t.after(() => checker.close());
  const [password, hash] = vectors[3] as (typeof vectors)[number];
  assert.equal(checker.checkNow(password, hash), undefined);
  const answers = await Promise.all([checker.check(password, hash), checker.check(password, hash), checker.check('wrong', hash)]);
  assert.deepEqual(answers, [true, true, false]);
  assert.equal(checker.checkNow(password, hash), true);
  assert.equal(checker.checkNow('wrong', hash), undefined);
  assert.equal(checker.checkNow(password, hash.replace('$2b$', '$2a$')), undefined);
});

test('PasswordChecker: {SHA} needs no waiting', (t) => {
  const checker = new PasswordChecker();
  t.after(() => checker.close());
  const [password, hash] = vectors[4] as (typeof vectors)[number];
  assert.equal(checker.checkNow(password, hash), true);
  assert.equal(checker.checkNow('wrong', hash), false);
});

test('PasswordChecker: when too many wait the next is refused at once, and all are told when it closes', async () => {
  const checker = new PasswordChecker();
  const hash = (vectors[3] as (typeof vectors)[number])[1];
  const all = Array.from({ length: 70 }, (_, index) => checker.check(`guess ${index}`, hash).then(String, ({ message }: Error) => message));
  await checker.close();
  const results = await Promise.all(all);
  assert.equal(results.filter((result) => result.includes('too many wait')).length, 5);
  assert.equal(results.filter((result) => result.includes('shutting down')).length, 65);
  await assert.rejects(checker.check('later', hash), /too many wait|shutting down/);
});

test('PasswordChecker: a thread that dies is told to who waits, and the next question begins another', async (t) => {
  const checker = new PasswordChecker();
  t.after(() => checker.close());
  const [password, hash] = vectors[3] as (typeof vectors)[number];
  // No hash that `readHtpasswd` lets through does this.
  const [broken, behind] = [checker.check('x', `$2b$99$${'a'.repeat(53)}`), checker.check(password, hash)];
  await assert.rejects(broken);
  await assert.rejects(behind);
  assert.equal(await checker.check(password, hash), true);
});

test('KnownUsers: a name that is not in the file has the hash of no password, as dear as those of the file and the same each time', async () => {
  const costOf = (hash: string) => /^\$2[aby]\$\d\d\$|^\$apr1\$|^\{SHA\}/.exec(hash)?.[0];
  const hashes = vectors.map(([, hash]) => hash);
  const users = new KnownUsers(hashes.map((hash, index) => `user${index}:${hash}`).join('\n'));
  assert.equal(users.hashOf('user3'), hashes[3]);
  const names = Array.from({ length: 200 }, (_, index) => `nobody${index}`);
  const decoys = names.map((name) => users.decoyOf(name) as string);
  assert.deepEqual(new Set(decoys.map(costOf)), new Set(hashes.map(costOf)), 'of every kind that there is');
  assert.deepEqual(
    names.map((name) => users.decoyOf(name)),
    decoys,
  );
  // Well formed: what is not would be refused without the work.
  assert.equal(readHtpasswd(decoys.map((hash, index) => `n${index}:${hash}`).join('\n')).hashes.size, names.length);
  for (const decoy of new Set(decoys)) for (const [password] of vectors) assert.equal(await isPasswordOf(password, decoy), false);
  assert.equal(new KnownUsers('# nobody').decoyOf('ada'), undefined);
});
