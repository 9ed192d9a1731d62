import { defaultParserLimits, type MessageHandler, type RequestHead } from '../../src/networkproxy/http1/message-handler.ts';
import { upstreamRequestHead } from '../../src/networkproxy/http1/request-lines.ts';
import { RequestParser } from '../../src/networkproxy/http1/request-parser.ts';
import { type ResponseHandler, ResponseParser } from '../../src/networkproxy/http1/response-parser.ts';
import { outgoingOf } from '../../test/tools/outgoing-request.ts';

/** A get head as an HTTP client in another service sends it: 8 headers. */
const typicalHead = [
  'GET /api/v1/products/1234/reviews?page=2&size=50 HTTP/1.1',
  'Host: shop.example.com',
  'User-Agent: Mozilla/5.0 (compatible; client/2.1)',
  'Accept: application/json',
  'Accept-Encoding: gzip, deflate, br',
  'Authorization: Bearer 8c2f6e0a4b1d4b3e9a7f5c6d7e8f9a0b',
  'X-Request-ID: 6f1c2d3e-4b5a-6978-8796-a5b4c3d2e1f0',
  'Cache-Control: no-cache',
  'Connection: keep-alive',
];

/** A navigation of a desktop browser: 16 headers, cookies among them. */
const browserHead = [
  'GET /products/garden/chairs HTTP/1.1',
  'Host: shop.example.com',
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Dest: document',
  'Referer: https://shop.example.com/products/garden',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
  'Cookie: session=4f9d2c1b8a7e6f5d; theme=dark; consent=1; cart=9b8c7d6e5f4a3b2c1d0e; _ga=GA1.2.1234567890.1700000000',
];

const answerHead = [
  'HTTP/1.1 200 OK',
  'Server: backend/1.0',
  'Date: Mon, 02 Nov 2026 10:00:00 GMT',
  'Content-Type: application/json; charset=utf-8',
  'Content-Length: 0',
  'Cache-Control: private, max-age=60',
  'ETag: "33a64df551425fcc55e4d42a148795d9f25f89d4"',
  'Vary: Accept-Encoding',
];

const rounds = 9;
const messagesPerRound = 60_000;

/** Nanoseconds of this thread for one message: the median of several rounds, after as many to warm up. */
export async function run(): Promise<{ readonly name: string; readonly unit: string; readonly value: number }[]> {
  return [
    { name: 'HTTP/1 request head, 8 headers', unit: 'ns', value: requestNs(typicalHead, false) },
    { name: 'HTTP/1 request head, 16 headers of a browser', unit: 'ns', value: requestNs(browserHead, false) },
    { name: 'HTTP/1 request head, 8 headers, read and written', unit: 'ns', value: requestNs(typicalHead, true) },
    { name: 'HTTP/1 response head, 7 headers', unit: 'ns', value: responseNs() },
  ];
}

class Receiver implements MessageHandler<RequestHead>, ResponseHandler {
  heads = 0;
  writtenBytes = 0;
  readonly #writes: boolean;

  constructor(writes: boolean) {
    this.#writes = writes;
  }

  onHead(head: unknown): void {
    this.heads++;
    if (this.#writes) this.#write(head as RequestHead);
  }

  onBody(): void {}
  onEnd(): void {}
  onInformational(): void {}

  #write(head: RequestHead): void {
    const text = upstreamRequestHead(outgoingOf(head, 'x-forwarded-for: 192.0.2.1\r\nx-forwarded-proto: http\r\n'));
    this.writtenBytes += scratch.latin1Write(text, 0);
  }
}

const scratch = Buffer.alloc(4096) as Buffer & { latin1Write(text: string, offset: number): number };

function requestNs(lines: readonly string[], writes: boolean): number {
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  const receiver = new Receiver(writes);
  const parser = new RequestParser(defaultParserLimits, 'http', receiver);
  const value = medianNs(() => {
    parser.execute(bytes);
  });
  if (parser.failure !== undefined || receiver.heads === 0) throw new Error(`Cannot measure: ${parser.failure?.rule}`);
  return value;
}

function responseNs(): number {
  const bytes = Buffer.from(`${answerHead.join('\r\n')}\r\n\r\n`);
  const parser = new ResponseParser(defaultParserLimits, new Receiver(false));
  const value = medianNs(() => {
    parser.startResponse('GET', false);
    parser.execute(bytes);
  });
  if (parser.failure !== undefined) throw new Error(`Cannot measure: ${parser.failure.rule}`);
  return value;
}

function medianNs(step: () => void): number {
  const values: number[] = [];
  for (let round = 0; round < 2 * rounds; round++) {
    const started = process.cpuUsage();
    for (let i = 0; i < messagesPerRound; i++) step();
    const used = process.cpuUsage(started);
    if (round >= rounds) values.push(((used.user + used.system) * 1000) / messagesPerRound);
  }
  values.sort((a, b) => a - b);
  return Math.round(values[rounds >> 1] ?? 0);
}
