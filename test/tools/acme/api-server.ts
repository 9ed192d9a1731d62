import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A request as a test's API sees it. */
export interface SeenCall {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface ApiReply {
  readonly status: number;
  readonly body: string;
}

/** An API on 127.0.0.1 that a function plays; gives its URL. It ends with the test. */
export async function startApi(t: TestContext, answer: (call: SeenCall) => ApiReply | Promise<ApiReply>): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.once('end', async () => {
      const { method = '', url = '', headers } = request;
      const { status, body: text } = await answer({ method, url, headers, body });
      response.writeHead(status, { connection: 'close' }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
