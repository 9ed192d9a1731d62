import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { browserSkip, startBrowser } from '../../tools/ui/browser.ts';
import { UiPage } from '../../tools/ui/ui-page.ts';
import { hostileText, UiProgram } from '../../tools/ui/ui-program.ts';

const views = ['Overview', 'Routes', 'Explain', 'Requests', 'Connections', 'Endings', 'Certificates', 'Problems'];

test('the web UI shows a running program', { skip: browserSkip() }, async (t) => {
  const browser = await startBrowser();
  t.after(() => browser.close());
  const program = await UiProgram.start(t);
  const client = await program.client(t);
  const clientName = `127.0.0.1:${client.localPort}`;
  const ui = await UiPage.open(t, browser, program.url);
  const { page } = ui;

  await t.test('overview: state, rates with their course, and workers', async () => {
    await page.locator('header').getByText('ready', { exact: true }).waitFor();
    const requests = page.locator('.tile').filter({ hasText: 'Requests a second' });
    await eventually('requests and errors are counted', async () => {
      await program.traffic();
      const errors = page.locator('.tile').filter({ hasText: 'Answers 5xx a second' }).locator('.value');
      return Number(await requests.locator('.value').textContent()) > 0 && Number(await errors.textContent()) > 0;
    });
    await requests.locator('polyline').waitFor({ state: 'attached' });
    await ui.row('serving').waitFor();
    assert.match((await page.locator('.tile').filter({ hasText: 'Problems' }).textContent()) ?? '', /2 errors, \d+ warning/);
    assert.match((await page.locator('.facts').first().textContent()) ?? '', /Version0\.1\.0/);
    assert.match((await page.locator('main').textContent()) ?? '', new RegExp(`127\\.0\\.0\\.1:${program.http}`));
  });

  await t.test('routes: by object with rates; opened, the endpoints behind', async () => {
    await ui.go('Routes');
    const shop = ui.row('default/shop').first();
    await eventually('the route has a rate', async () => {
      await program.traffic();
      return Number(await shop.locator('[data-label="Requests/s"]').textContent()) > 0;
    });
    assert.match((await shop.textContent()) ?? '', /Ingress · all\.yaml:\d+/);
    await shop.getByRole('button', { name: 'default/shop' }).click();
    const rules = page.getByRole('table', { name: 'Rules' });
    await rules.getByText(/^[\d,]+ requests, \d+ under way/).waitFor();
    assert.match((await rules.textContent()) ?? '', /\/gone \(prefix\)/);
    await rules.getByText('no endpoints').waitFor();
    const passed = ui.row('default/passed').first();
    await eventually('a route of connections has a rate of these', async () => {
      program.passedThrough(t);
      return /^\d+ open(0\.\d+|[1-9][\d.]*)\/s opened[^0].*\/s in, /.test(
        (await passed.locator('[data-label="Connections"]').textContent()) ?? '',
      );
    });
    assert.equal(await passed.locator('[data-label="Requests/s"]').textContent(), '–');
    await page.getByRole('searchbox', { name: /^Filter/ }).fill('evil');
    await ui.reads('1 of 5 objects');
    assert.equal(await ui.row('default/shop').count(), 0);
    assert.equal(new URL(page.url()).hash, '#/routes?filter=evil');
  });

  await t.test('routes: what has no endpoints needs none, or is not served for want of a Service', async (t) => {
    const shown = await UiPage.open(t, browser, `${program.url}#/routes`);
    const endpoints = (object: string) => shown.row(object).first().locator('[data-label="Endpoints"]');
    await endpoints('default/lost').getByText('not served', { exact: true }).waitFor();
    await endpoints('default/moved').getByText('none needed', { exact: true }).waitFor();
    await endpoints('default/shop').getByText('1 rule not served', { exact: true }).waitFor();
    await shown.page.getByRole('button', { name: 'default/shop' }).click();
    const rules = shown.page.getByRole('table', { name: 'Rules' });
    await rules.getByRole('row').filter({ hasText: '/gone (prefix)' }).getByText('not served', { exact: true }).waitFor();
  });

  await t.test('routes: what is open is unknown where the kernel does not show it', async (t) => {
    const shown = await UiPage.open(t, browser, program.url);
    await shown.page.route('**/debug/route-report*', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replaceAll(/"connectionsActive":\s*\d+,/g, '') });
    });
    await shown.go('Routes');
    await shown.row('default/passed').first().locator('[data-label="Connections"]').getByText('open: unknown').waitFor();
  });

  await t.test('explain: the words of the command, from a link of a route and from the form', async () => {
    await ui.go('Routes');
    await page.getByRole('link', { name: /^Explain https:\/\/shop\.localhost\/gone/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Explain' }).waitFor();
    await ui.reads(/no listener|Ingress default\/shop/);
    await page.getByLabel('URL', { exact: true }).fill(`http://shop.localhost:${program.http}/empty/x`);
    await page.getByLabel('Method').fill('POST');
    await page.getByText('Headers, server name, client, HTTP/2').click();
    await page.getByLabel('Headers, one a line').fill(`X-One: 1\nX-Evil: ${hostileText}`);
    await page.getByLabel('Client address').fill('192.0.2.7');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.locator('#answer').getByText(`POST http://shop.localhost:${program.http}/empty/x on listener http`).waitFor();
    for (const title of ['Candidates, in order', 'Winner', 'Filters, in order', 'Backends', 'Problems of these objects']) {
      await page.getByRole('heading', { level: 2, name: title }).waitFor();
    }
    assert.match((await ui.row('wins').textContent()) ?? '', /shop\.localhost \/empty \(prefix\)/);
    await ui.reads('path: /empty/x is not /gone or below it');
    await page.goBack();
    await eventually('the form shows what was asked before', async () =>
      /gone$/.test(await page.getByLabel('URL', { exact: true }).inputValue()),
    );
  });

  await t.test('explain: the rules of HTTP/2, when it is said to be the version', async () => {
    const question = new URLSearchParams({ url: `https://shop.localhost:${program.https}/`, header: 'Connection: close' });
    await page.goto(`${program.url}#/explain?${question}`);
    const answer = page.locator('#answer');
    await answer.getByText('Ingress default/shop sends it to default/web:80').waitFor();
    await page.getByLabel('The request is HTTP/2, not 1.1').check();
    await page.getByRole('button', { name: 'Explain' }).click();
    await answer.getByText('The request is refused with 400: it breaks the rule connection-field.').waitFor();
    await page.reload();
    assert.equal(await page.getByLabel('The request is HTTP/2, not 1.1').isChecked(), true);
  });

  await t.test('explain: what nobody could send is said, not asked', async () => {
    await page.getByLabel('URL', { exact: true }).fill('shop.localhost/cart');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.locator('#answer').getByText('The URL has no scheme').waitFor();
  });

  await t.test('connections and endings: who is there, and why they left; nothing can be ended without a token', async () => {
    await ui.go('Connections');
    await ui.row(clientName).waitFor();
    assert.equal(await page.getByRole('button', { name: /^End/ }).count(), 0);
    await page.locator('header').getByText('Read-only', { exact: true }).waitFor();
    await ui.row(clientName).getByRole('link', { name: 'Ingress default/shop shop.localhost prefix /' }).click();
    await ui.reads('Show all routes');
    client.destroy();
    await ui.row(clientName).waitFor({ state: 'detached' });
    await ui.go('Endings');
    // Another connection, to another port, may have had the same port of its own.
    const ended = ui.row(clientName).filter({ hasText: 'Ingress default/shop' });
    assert.match((await ended.textContent()) ?? '', /by the (client|proxy)/);
  });

  await t.test('certificates and problems, with what to do', async () => {
    await ui.go('Certificates');
    assert.match((await ui.row('shop.localhost').textContent()) ?? '', /valid.*in 8\d d.*local CA/);
    await ui.go('Problems');
    assert.match(
      (await ui.row('ServiceNotFound').first().textContent()) ?? '',
      /Service default\/gone does not exist; create it or correct the name\./,
    );
    await page.getByRole('link', { name: 'Level' }).click();
    await page.locator('th[aria-sort="ascending"]').getByText('Level').waitFor();
  });

  await t.test('names of objects and of requests are texts, never markup', async () => {
    await ui.go('Problems');
    await ui.row(hostileText).first().waitFor();
    await ui.go('Routes');
    await ui.row('default/evil').first().getByRole('button').click();
    await ui.reads(`header x-evil to be ${JSON.stringify(hostileText)}`);
    const hostileUrl = `http://evil.localhost:${program.http}/${hostileText}`;
    for (const query of [
      new URLSearchParams({ url: hostileUrl }),
      new URLSearchParams({ url: hostileText, header: hostileText, sni: hostileText }),
    ]) {
      await page.goto(`${program.url}#/explain?${query}`);
      await page
        .locator('#answer')
        .getByText(/evil\.localhost|no scheme/)
        .first()
        .waitFor();
    }
    await page.goto(`${program.url}#/routes?filter=${encodeURIComponent(hostileText)}&search=${encodeURIComponent(hostileText)}`);
    await ui.reads('Nothing is routed.');
    await page.goto(`${program.url}#/connections?route=${encodeURIComponent(hostileText)}`);
    await page.getByText(hostileText).waitFor();
    assert.equal(await page.locator('main img').count(), 0);
    assert.equal(await page.evaluate('window.owned'), undefined);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [screen, width] of [
      ['wide', 1360],
      ['narrow', 360],
    ] as const) {
      await t.test(`every view, ${colorScheme} and ${screen}: axe finds nothing, and nothing sticks out`, async (t) => {
        const shown = await UiPage.open(t, browser, program.url, { colorScheme, viewport: { width, height: 800 } });
        const { page } = shown;
        for (const view of views) {
          await shown.go(view);
          if (view === 'Routes') await shown.row('default/shop').first().getByRole('button').click();
          if (view === 'Explain') {
            await page.getByLabel('URL', { exact: true }).fill(`http://shop.localhost:${program.http}/`);
            await page.getByRole('button', { name: 'Explain' }).click();
          }
          if (view === 'Requests') {
            await shown.reads('Live:');
            await program.traffic();
            await shown.row('503').first().waitFor();
          }
          await page.locator('main table, main .empty').first().waitFor();
          assert.deepEqual(await shown.findings(), [], view);
          assert.equal(
            await page.evaluate('document.documentElement.scrollWidth > window.innerWidth'),
            false,
            `${view} is wider than the screen`,
          );
        }
      });
    }
  }
});
