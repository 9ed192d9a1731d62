import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AwsRole, type Environment } from '../../../src/acme/dns/aws-role.ts';
import { startApi } from '../../tools/acme/api-server.ts';
import { temporaryFolder } from '../../tools/running-command.ts';

const role = 'arn:aws:iam::123456789012:role/dns';
const hourMs = 3_600_000;
const nowMs = Date.UTC(2026, 5, 1);
const isoTime = (ms: number): string => new Date(ms).toISOString();

async function tokenFile(t: TestContext, token: string): Promise<string> {
  const file = join(await temporaryFolder(t), 'token');
  await writeFile(file, `${token}\n`);
  return file;
}

async function keysOf(of: AwsRole) {
  const { accessKeyId, secretAccessKey, sessionToken } = await of.keys();
  return [accessKeyId, secretAccessKey.reveal(), sessionToken?.reveal()];
}

/** STS as its API of 2011-06-15 has AssumeRoleWithWebIdentity; it takes `token` alone. */
async function startSts(t: TestContext, token: () => string) {
  const calls: string[] = [];
  const url = await startApi(t, ({ method, url: path, headers, body }) => {
    const fields = new URLSearchParams(body);
    calls.push(fields.get('RoleSessionName') ?? '');
    assert.equal(`${method} ${path} ${headers['content-type']}`, 'POST / application/x-www-form-urlencoded');
    assert.equal(headers.authorization, undefined, 'it is asked by who has no keys yet');
    assert.deepEqual(
      ['Action', 'Version', 'RoleArn'].map((name) => fields.get(name)),
      ['AssumeRoleWithWebIdentity', '2011-06-15', role],
    );
    if (fields.get('WebIdentityToken') !== token()) {
      const error = '<Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>Token &lt;x&gt; is not valid</Message>';
      return {
        status: 400,
        body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>${error}</Error><RequestId>1</RequestId></ErrorResponse>`,
      };
    }
    const keys = `<SessionToken>session-${calls.length}</SessionToken><SecretAccessKey>s3cret</SecretAccessKey><Expiration>${isoTime(nowMs + hourMs)}</Expiration><AccessKeyId>ASIAX</AccessKeyId>`;
    return {
      status: 200,
      body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><AssumedRoleUser><Arn>${role}</Arn><AssumedRoleId>A:b</AssumedRoleId></AssumedRoleUser><Credentials>${keys}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    };
  });
  return { url, calls };
}

test('the token of a service account is exchanged for keys, once for all, and again shortly before they expire', async (t) => {
  let token = 'first.jwt';
  const { url, calls } = await startSts(t, () => token);
  const file = await tokenFile(t, token);
  const env = { AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ENDPOINT_URL_STS: `${url}/` };
  let aheadMs = 0;
  const of = new AwsRole(env, () => nowMs + aheadMs);
  const both = await Promise.all([keysOf(of), keysOf(of)]);
  assert.deepEqual(both, [
    ['ASIAX', 's3cret', 'session-1'],
    ['ASIAX', 's3cret', 'session-1'],
  ]);
  aheadMs = hourMs - 6 * 60_000;
  assert.equal((await keysOf(of))[2], 'session-1');
  // Kubernetes writes the token anew, and the old one is no good any more.
  token = 'second.jwt';
  await writeFile(file, token);
  aheadMs = hourMs - 4 * 60_000;
  assert.equal((await keysOf(of))[2], 'session-2');
  assert.deepEqual(calls, ['smartproxy-ingress', 'smartproxy-ingress']);
  const named = new AwsRole({ ...env, AWS_ROLE_SESSION_NAME: 'edge' });
  await named.keys();
  assert.equal(calls.at(-1), 'edge');
});

test('what STS refuses is told in its words, without the token, and asked again the next time', async (t) => {
  let token = 'other.jwt';
  const { url } = await startSts(t, () => token);
  const file = await tokenFile(t, 'canary.jwt');
  const of = new AwsRole({ AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ENDPOINT_URL_STS: url });
  await assert.rejects(of.keys(), ({ message }: Error) => {
    assert.match(message, /STS does not give out keys of the role arn:aws:iam::123456789012:role\/dns, it answers with status 400/);
    assert.match(message, /\(InvalidIdentityToken\): Token <x> is not valid/);
    assert.doesNotMatch(message, /canary/);
    return true;
  });
  token = 'canary.jwt';
  assert.equal((await keysOf(of))[0], 'ASIAX');
  const nowhere = new AwsRole({ AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere', AWS_ENDPOINT_URL_STS: url });
  await assert.rejects(nowhere.keys(), /the token of the pod's role can not be read: ENOENT/);
});

/** An agent as EKS Pod Identity and ECS have it. */
async function startAgent(t: TestContext, wanted: string | undefined, answer: (keys: object) => object = (keys) => keys): Promise<string> {
  const url = await startApi(t, ({ method, url: path, headers }) => {
    assert.equal(`${method} ${path}`, 'GET /v1/credentials');
    if (headers.authorization !== wanted) return { status: 403, body: JSON.stringify({ code: 'AccessDenied', message: 'who are you?' }) };
    const keys = {
      AccessKeyId: 'ASIAY',
      SecretAccessKey: 's3cret',
      Token: 'session',
      Expiration: isoTime(Date.now() + hourMs),
      AccountId: '1',
    };
    return { status: 200, body: JSON.stringify(answer(keys)) };
  });
  return `${url}/v1/credentials`;
}

test('an agent beside the pod gives out keys, to who shows the token that stands in a file or in the environment', async (t) => {
  const AWS_CONTAINER_CREDENTIALS_FULL_URI = await startAgent(t, 'pod.jwt');
  const file = await tokenFile(t, 'pod.jwt');
  const with_ = (more: Environment) => new AwsRole({ AWS_CONTAINER_CREDENTIALS_FULL_URI, ...more });
  assert.deepEqual(await keysOf(with_({ AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file })), ['ASIAY', 's3cret', 'session']);
  assert.deepEqual(await keysOf(with_({ AWS_CONTAINER_AUTHORIZATION_TOKEN: 'pod.jwt' })), ['ASIAY', 's3cret', 'session']);
  await assert.rejects(
    with_({}).keys(),
    /the agent at 127\.0\.0\.1 does not give out keys, it answers with status 403 \(AccessDenied\): who are you\?/,
  );
  const open = new AwsRole({ AWS_CONTAINER_CREDENTIALS_FULL_URI: await startAgent(t, undefined) });
  assert.deepEqual(await keysOf(open), ['ASIAY', 's3cret', 'session']);
});

test('what is no role, no agent and no keys is told', async (t) => {
  const whyOf = (env: Environment) =>
    new AwsRole(env).keys().then(
      () => '',
      ({ message }: Error) => message,
    );
  assert.match(await whyOf({}), /this pod has no role of Amazon: .*give its service account a role, or the issuer a secretRef/);
  assert.match(await whyOf({ AWS_ROLE_ARN: role }), /this pod has no role/);
  const strange = ['http://example.com/keys', 'http://169.254.169.254/latest', 'ftp://127.0.0.1/x', 'nonsense'];
  for (const AWS_CONTAINER_CREDENTIALS_FULL_URI of strange)
    assert.match(await whyOf({ AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'canary' }), /which is no agent/);
  const halves: readonly ((keys: object) => object)[] = [
    (keys) => ({ ...keys, SecretAccessKey: undefined }),
    (keys) => ({ ...keys, Expiration: 'soon' }),
    (keys) => ({ ...keys, Token: 7 }),
    () => [],
  ];
  for (const half of halves)
    assert.match(
      await whyOf({ AWS_CONTAINER_CREDENTIALS_FULL_URI: await startAgent(t, undefined, half) }),
      /something else than keys of a role/,
    );
});
