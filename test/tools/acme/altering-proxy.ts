import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { makeTestCertificate } from '../test-certificate.ts';

/** A CA as it is, but for what `alter` makes of its JSON; gives its directory and the certificate that it shows. Ends with the test. */
export async function startAlteringProxy(t: TestContext, directory: string, alter: (document: Record<string, unknown>) => unknown) {
  const { cert, key } = await makeTestCertificate('localhost');
  const target = new URL(directory);
  const server = createServer({ cert, key }, (incoming, response) => {
    const { method, url, headers } = incoming;
    // With the Host of the client, so that the CA's links lead here again.
    const sent = request({ host: target.hostname, port: target.port, method, path: url, headers, rejectUnauthorized: false, agent: false });
    sent.once('error', () => response.destroy());
    sent.once('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.once('end', () => {
        const isJson = answer.headers['content-type']?.startsWith('application/json') === true && text !== '';
        const body = isJson ? JSON.stringify(alter(JSON.parse(text) as Record<string, unknown>)) : text;
        const { 'content-length': _, ...fields } = answer.headers;
        response.writeHead(answer.statusCode ?? 500, { ...fields, connection: 'close' }).end(body);
      });
    });
    incoming.pipe(sent);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { directory: `https://localhost:${(server.address() as AddressInfo).port}${target.pathname}`, trusted: cert };
}
