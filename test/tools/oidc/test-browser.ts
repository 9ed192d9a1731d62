import { type IncomingHttpHeaders, request } from 'node:http';

/** A page as a browser got it, after the redirects that it followed. */
export interface Page {
  readonly status: number;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Cookie {
  readonly host: string;
  readonly name: string;
  readonly value: string;
  /** undefined: until the browser closes. */
  readonly maxAgeSeconds: number | undefined;
}

/** As much of a browser as a login needs: cookies by host, redirects, and names that resolve to ports on 127.0.0.1. */
export class TestBrowser {
  readonly cookies: Cookie[] = [];
  readonly #ports: Readonly<Record<string, () => number>>;

  /** @param ports where the hosts are that are no address */
  constructor(ports: Readonly<Record<string, () => number>>) {
    this.#ports = ports;
  }

  /** Goes to `url`, and on to where it is sent, at most `hops` times. */
  async go(url: string, hops = 10, headers: Readonly<Record<string, string>> = {}): Promise<Page> {
    const page = await this.#load(new URL(url), { accept: 'text/html', ...headers });
    const { location } = page.headers;
    if (location === undefined || page.status < 300 || page.status > 399 || hops === 0) return page;
    return await this.go(new URL(location, url).href, hops - 1);
  }

  cookiesOf(host: string): readonly Cookie[] {
    return this.cookies.filter((cookie) => cookie.host === host);
  }

  #load(url: URL, headers: Readonly<Record<string, string>>): Promise<Page> {
    const cookie = this.cookiesOf(url.host)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const port = this.#ports[url.host]?.() ?? Number(url.port);
    const options = { host: '127.0.0.1', port, path: url.pathname + url.search, agent: false as const };
    return new Promise((resolve, reject) => {
      const asking = request({ ...options, headers: { host: url.host, ...(cookie === '' ? {} : { cookie }), ...headers } }, (response) => {
        for (const line of response.headers['set-cookie'] ?? []) this.#take(url.host, line);
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, url: url.href, headers: response.headers, body }));
        response.once('error', reject);
      });
      asking.once('error', reject);
      asking.end();
    });
  }

  #take(host: string, line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const name = pair.slice(0, pair.indexOf('='));
    const index = this.cookies.findIndex((cookie) => cookie.host === host && cookie.name === name);
    if (index !== -1) this.cookies.splice(index, 1);
    if (attributes.some((text) => /^(?:max-age=0|expires=thu, 01 jan 1970.*)$/i.test(text))) return;
    const [, maxAge] = /; max-age=(\d+)/i.exec(line) ?? [];
    const maxAgeSeconds = maxAge === undefined ? undefined : Number(maxAge);
    this.cookies.push({ host, name, value: pair.slice(name.length + 1), maxAgeSeconds });
  }
}
