import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { acmeTlsCertificate } from '../../../src/acme/acme-tls-certificate.ts';
import { makeKey } from '../../../src/acme/certificate-request.ts';
import { acmeTlsProtocol } from '../../../src/routes/acme-tls.ts';
import type { AcmeChallenge } from '../../../src/translate/acme-state.ts';

/** A challenge of TLS with its answer, and the key that signs it. */
export interface TlsAnswer {
  readonly challenge: AcmeChallenge;
  /** What a server that gives the answer is made with. */
  readonly options: TlsOptions;
}

export async function makeTlsAnswer(name: string): Promise<TlsAnswer> {
  const key = await makeKey('ECDSA');
  const keyAuthorization = 'token.thumb';
  const certificate = await acmeTlsCertificate(key, name, keyAuthorization, Date.now());
  return {
    challenge: { type: 'tls-alpn-01', name, token: 'token', keyAuthorization, certificate },
    options: { key: key.reveal(), cert: certificate, ALPNProtocols: [acmeTlsProtocol] },
  };
}

/** A server of TLS on 127.0.0.1; gives its port. It ends with the test. */
export async function startTls(t: TestContext, options: TlsOptions): Promise<number> {
  const server = createServer(options, (socket) => socket.on('error', () => undefined).end());
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}
