import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { keyTimes, NoKeysError, ServedKeys } from '../../../../src/networkproxy/auth/served-keys.ts';

interface Issued {
  readonly token: string;
  readonly jwk: object;
}

async function issue(kid: string): Promise<Issued> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid }).setExpirationTime('1h').sign(privateKey);
  return { token, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
}

const keySet = (...issued: readonly Issued[]): string => JSON.stringify({ keys: issued.map(({ jwk }) => jwk) });

/** A server that answers with `text`, or fails when it has none. */
class Server {
  text: string | undefined;
  asked = 0;
  nowMs = 1_000_000;
  readonly keys = new ServedKeys(
    async () => {
      this.asked++;
      if (this.text === undefined) throw new Error('Cannot answer');
      return this.text;
    },
    () => this.nowMs,
  );

  constructor(text?: string) {
    this.text = text;
  }

  async takes({ token }: Issued): Promise<boolean> {
    return await jwtVerify(token, this.keys.find).then(
      () => true,
      (error: unknown) => {
        if (error instanceof NoKeysError) throw error;
        return false;
      },
    );
  }
}

describe('keys of an issuer from its server', async () => {
  const [one, two] = [await issue('one'), await issue('two')];

  it('are fetched once, whoever waits, and then serve', async () => {
    const server = new Server(keySet(one));
    assert.deepEqual(await Promise.all([server.takes(one), server.takes(one), server.takes(one)]), [true, true, true]);
    server.nowMs += keyTimes.freshMs - 1;
    assert.equal(await server.takes(one), true);
    assert.equal(server.asked, 1);
  });

  it('are one object until others come, and none when they may not be used any more', async () => {
    const server = new Server(keySet(one));
    assert.equal(server.keys.current, undefined);
    await server.takes(one);
    const first = server.keys.current;
    assert.ok(first !== undefined);
    await server.takes(one);
    assert.equal(server.keys.current, first);
    server.nowMs += keyTimes.freshMs;
    server.text = keySet(two);
    await server.takes(one);
    await server.takes(two);
    assert.ok(server.keys.current !== undefined && server.keys.current !== first);
    server.nowMs += keyTimes.keptMs;
    assert.equal(server.keys.current, undefined);
  });

  it('are fetched again when they are no longer fresh, while the old ones serve', async () => {
    const server = new Server(keySet(one));
    await server.takes(one);
    server.nowMs += keyTimes.freshMs;
    assert.equal(await server.takes(one), true);
    assert.equal(server.asked, 2);
  });

  it('are fetched again for a key that is not among them, but not for every token that says so', async () => {
    const server = new Server(keySet(one));
    await server.takes(one);
    server.text = keySet(one, two);
    assert.equal(await server.takes(two), false, 'just fetched');
    server.nowMs += keyTimes.pauseMs;
    assert.equal(await server.takes(two), true);
    const asked = server.asked;
    for (let i = 0; i < 5; i++) assert.equal(await server.takes(await issue('stranger')), false);
    assert.equal(server.asked, asked);
  });

  it('stay for a day while the server is away, and nobody is let in after that', async () => {
    const server = new Server(keySet(one));
    await server.takes(one);
    server.text = undefined;
    server.nowMs += keyTimes.keptMs - 1;
    assert.equal(await server.takes(one), true);
    server.nowMs += 1 + keyTimes.retryMs;
    await assert.rejects(server.takes(one), NoKeysError);
    server.text = keySet(one);
    server.nowMs += keyTimes.retryMs;
    assert.equal(await server.takes(one), true, 'and it is taken as soon as it is back');
  });

  it('are asked for no more often than every few seconds when there are none', async () => {
    const server = new Server();
    for (let i = 0; i < 5; i++) await assert.rejects(server.takes(one), NoKeysError);
    assert.equal(server.asked, 1);
    server.nowMs += keyTimes.retryMs;
    await assert.rejects(server.takes(one), NoKeysError);
    assert.equal(server.asked, 2);
  });

  it('that can not be read leave those that are there', async () => {
    const server = new Server(keySet(one));
    await server.takes(one);
    for (const text of ['no JSON', '{}', '[]', '{"keys":1}']) {
      server.text = text;
      server.nowMs += keyTimes.freshMs;
      assert.equal(await server.takes(one), true, text);
    }
  });
});
