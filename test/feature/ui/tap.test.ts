import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import type { Request } from 'playwright-core';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { browserSkip, startBrowser } from '../../tools/ui/browser.ts';
import { UiPage } from '../../tools/ui/ui-page.ts';
import { UiProgram } from '../../tools/ui/ui-program.ts';

const mostTaps = 8;

/** How many may look at once besides: that many are let in, and leave again. */
async function freeTaps(admin: number): Promise<number> {
  const opened: IncomingMessage[] = [];
  for (;;) {
    const asking = request({ host: '127.0.0.1', port: admin, path: '/debug/tap', headers: { host: 'localhost' }, agent: false }).end();
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    opened.push(answer);
    answer.on('error', () => {});
    if (answer.statusCode !== 200) break;
  }
  for (const answer of opened) answer.destroy();
  return opened.length - 1;
}

/** Taps that a page has open, by what goes over its network. */
class OpenTaps {
  #open = 0;
  /** In all. */
  begun = 0;

  constructor({ page }: UiPage) {
    const isTap = (asked: Request): boolean => asked.url().includes('/debug/tap');
    page.on('request', (asked) => {
      if (!isTap(asked)) return;
      this.#open++;
      this.begun++;
    });
    const ended = (asked: Request): void => void (isTap(asked) && this.#open--);
    page.on('requestfinished', ended);
    page.on('requestfailed', ended);
  }

  become(count: number): Promise<unknown> {
    return eventually(`${count} open`, () => this.#open === count);
  }
}

function hide({ page }: UiPage, isHidden: boolean): Promise<unknown> {
  return page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${isHidden} });
    document.dispatchEvent(new Event('visibilitychange'))`);
}

test('the web UI shows requests as they pass', { skip: browserSkip() }, async (t) => {
  const browser = await startBrowser();
  t.after(() => browser.close());
  const program = await UiProgram.start(t);
  const ask = (path: string) => get(program.http, 'shop.localhost', path);
  const open = async (t: Parameters<typeof UiPage.open>[0], query = ''): Promise<UiPage> => {
    const ui = await UiPage.open(t, browser, `${program.url}#/tap${query}`);
    await ui.reads('Live:');
    return ui;
  };

  await t.test('the newest first, with what became of them and where they went; each leads to its explanation', async (t) => {
    const ui = await open(t);
    await ui.reads('No request came yet.');
    await ask('/first?secret=1');
    await ui.row('GET /first').waitFor();
    await ask('/gone/second');
    await ui.row('GET /gone/second').waitFor();
    const [second, first] = await ui.page.locator('main tbody tr').allTextContents();
    assert.match(
      second ?? '',
      /GET \/gone\/secondhttp:\/\/shop\.localhost.*503no_service.*Ingress default\/shop shop\.localhost prefix \/gone/,
    );
    assert.match(
      first ?? '',
      /GET \/first.*200.*Ingress default\/shop shop\.localhost prefix \/[\d.]+ ms127\.0\.0\.1:\d+127\.0\.0\.1Explain/,
    );
    assert.doesNotMatch(first ?? '', /secret/);
    await ui.page.getByText('2 requests', { exact: true }).waitFor();
    assert.deepEqual(await ui.findings(), []);
    await ui.row('GET /first').getByRole('link', { name: 'Explain GET http://shop.localhost/first' }).click();
    await ui.page.locator('#answer').getByText('Ingress default/shop sends it to default/web:80').waitFor();
    await eventually('nobody looks', async () => (await freeTaps(program.admin)) === mostTaps);
  });

  await t.test('those alone that are meant: by route, host and status, which are in the address', async (t) => {
    const ui = await open(t, `?${new URLSearchParams({ route: 'Ingress default/shop' })}`);
    /** Waits until the next tap is open. */
    const next = async (change: () => Promise<unknown>): Promise<void> => {
      const begun = ui.page.waitForResponse(/\/debug\/tap/);
      await change();
      await begun;
    };
    await ask('/whole');
    await get(program.http, 'evil.localhost', '/other');
    await ui.row('GET /whole').waitFor();
    await next(() => ui.page.getByLabel('Status').fill('5xx'));
    await ui.reads('No request that fits came yet.');
    await ask('/well');
    await ask('/gone/ill');
    await ui.row('GET /gone/ill').waitFor();
    assert.equal(await ui.page.locator('main tbody tr').count(), 1);
    assert.equal(new URL(ui.page.url()).hash, '#/tap?route=Ingress+default%2Fshop&status=5xx');
    await ui.page.getByLabel('Status').fill('6xx');
    await ui.reads('The program says: status=6xx is not allowed; expected a status such as 404, or a class such as 5xx');
    assert.deepEqual(await ui.findings(), []);
    await next(() => ui.page.getByLabel('Status').fill(''));
    await next(() => ui.page.getByLabel('Host').fill('evil.localhost'));
    await next(() => ui.page.getByRole('link', { name: 'Show all routes' }).click());
    await ui.reads('No request that fits came yet.');
    await ask('/well');
    await get(program.http, 'evil.localhost', '/evil');
    await ui.row('GET /evil').waitFor();
    assert.equal(await ui.page.locator('main tbody tr').count(), 1);
  });

  await t.test('at most 200 are kept, and of those that came too fast the number', async (t) => {
    const ui = await open(t, '?rate=1000');
    for (let batch = 0; batch < 21; batch++) await Promise.all(Array.from({ length: 10 }, () => ask('/many')));
    await ask('/last');
    await ui.row('GET /last').waitFor();
    await ui.page.getByText('200 requests', { exact: true }).waitFor();
    assert.equal(await ui.page.locator('main tbody tr').count(), 200);
    const slow = ui.page.waitForResponse(/\/debug\/tap.*rate=1&/);
    await ui.page.getByLabel('Most a second').fill('1');
    await slow;
    await ui.reads('No request came yet.');
    await eventually('how many came too fast comes with the next that is shown', async () => {
      await ask('/few');
      return /^\d+ requests?, \d+ more came too fast$/.test((await ui.page.locator('main .amount').textContent()) ?? '');
    });
  });

  await t.test('nobody looks while it is paused, hidden or another view is shown; what was seen stays', async (t) => {
    const ui = await UiPage.open(t, browser, program.url);
    const taps = new OpenTaps(ui);
    await ui.go('Requests');
    await ui.reads('Live:');
    await taps.become(1);
    assert.equal(await freeTaps(program.admin), mostTaps - 1);
    await ask('/before');
    await ui.row('GET /before').waitFor();
    await ui.page.getByRole('button', { name: 'Pause' }).click();
    await ui.reads('Paused: the program is not asked.');
    await taps.become(0);
    await eventually('nobody looks', async () => (await freeTaps(program.admin)) === mostTaps);
    await ask('/meanwhile');
    await ui.page.getByRole('button', { name: 'Go on' }).click();
    await ui.reads('Live:');
    await taps.become(1);
    await hide(ui, true);
    await taps.become(0);
    await eventually('nobody looks', async () => (await freeTaps(program.admin)) === mostTaps);
    await hide(ui, false);
    await taps.become(1);
    await ui.go('Problems');
    await taps.become(0);
    await ui.go('Requests');
    await taps.become(1);
    await ui.reads('Live:');
    assert.equal(taps.begun, 4);
    await ask('/after');
    await ui.row('GET /after').waitFor();
    await ui.row('GET /before').waitFor();
    assert.equal(await ui.row('GET /meanwhile').count(), 0);
  });

  await t.test('one that breaks off is asked again, one that is refused says why', async (t) => {
    const ui = await open(t);
    const { page } = ui;
    const refuse = { status: 400, contentType: 'application/json', body: '{"error":"8 taps are open already"}' };
    const broken = { contentType: 'application/x-ndjson', body: '{"kind":"skipped","count":3}\n{"kind":' };
    const silent = { contentType: 'application/x-ndjson', body: '{"kind":"skipped","count":4}\n' };
    for (const [answer, says] of [
      [broken, 'Nothing answers; it is asked again.'],
      [silent, 'Nothing answers; it is asked again.'],
      [{ status: 200, contentType: 'text/html', body: '<p>hello</p>' }, 'Nothing answers; it is asked again.'],
      [{ status: 404, contentType: 'application/json', body: '{"error":"no","pages":[]}' }, 'it is older than this web UI'],
      [refuse, 'The program says: 8 taps are open already'],
    ] as const) {
      await page.route('**/debug/tap*', (route) => route.fulfill(answer));
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('button', { name: 'Go on' }).click();
      await ui.reads(says);
      await page.unroute('**/debug/tap*');
    }
    await page.getByRole('button', { name: 'Try again' }).click();
    await ui.reads('Live:');
    await ask('/again');
    await ui.row('GET /again').waitFor();
  });

  await t.test('when the time of one is over the next is asked for', async (t) => {
    let asked = 0;
    const ui = await UiPage.open(t, browser, program.url);
    await ui.page.route('**/debug/tap*', async (route) => {
      if (++asked > 2) return route.continue();
      return route.fulfill({ contentType: 'application/x-ndjson', body: `{"kind":"skipped","count":${asked}}\n{"kind":"end"}\n` });
    });
    await ui.go('Requests');
    await ui.reads('0 requests, 3 more came too fast');
    await ui.reads('Live:');
    await ask('/third');
    await ui.row('GET /third').waitFor();
    assert.equal(asked, 3);
  });
});
