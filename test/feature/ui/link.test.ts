import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { adminTokenFile } from '../../tools/admin-change.ts';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { browserSkip, startBrowser } from '../../tools/ui/browser.ts';
import { ForwardedPort, type PassedAnswer } from '../../tools/ui/forwarded-port.ts';
import { UiPage } from '../../tools/ui/ui-page.ts';
import { UiProgram } from '../../tools/ui/ui-program.ts';

const asItComes = (_path: string, answer: PassedAnswer): PassedAnswer => answer;

test('the web UI and the program behind its port', { skip: browserSkip() }, async (t) => {
  const browser = await startBrowser();
  t.after(() => browser.close());
  const tokenFile = await adminTokenFile(t);
  const program = await UiProgram.start(t, ['--admin-token-file', tokenFile]);
  const port = await ForwardedPort.to(t, program.admin);

  await t.test('a program that is lost is said to be, with what is known kept, until it is back', async (t) => {
    const ui = await UiPage.open(t, browser, port.url);
    await ui.go('Routes');
    await ui.row('default/shop').waitFor();
    t.after(() => port.open());
    await port.cut();
    const banner = ui.page.getByRole('alert');
    await banner.getByText(/The program is lost since \d\d:\d\d:\d\d/).waitFor();
    await banner.getByText('nothing answers at this port').waitFor();
    await ui.row('default/shop').waitFor();
    assert.equal(await ui.page.getByText('Nothing is known').count(), 0);
    await ui.page.locator('header').getByText('lost', { exact: true }).waitFor();
    assert.deepEqual(await ui.findings(), []);
    await ui.go('Certificates');
    await ui.reads('Nothing is known: the program did not answer yet.');
    await port.open();
    await banner.getByRole('button', { name: 'Try now' }).click();
    await banner.getByText('lost').waitFor({ state: 'detached' });
    await ui.row('shop.localhost').waitFor();
  });

  await t.test('something else that answers at the port is not taken for the program', async (t) => {
    const ui = await UiPage.open(t, browser, port.url);
    port.alter = () => ({ status: 200, body: '<!doctype html>hello' });
    t.after(() => {
      port.alter = asItComes;
    });
    await ui.page.getByRole('alert').getByText('what answers at this port is not smartproxy-ingress').waitFor();
  });

  await t.test('another service that answers JSON is not taken for the program either', async (t) => {
    t.after(() => {
      port.alter = asItComes;
    });
    const ui = await UiPage.open(t, browser, `${port.url}#/routes`);
    const banner = ui.page.getByRole('alert');
    for (const [status, body] of [
      [200, '{}'],
      [200, 'null'],
      [200, '{"totals":{"requests":1}}'],
      [404, '{"message":"Not Found"}'],
    ] as const) {
      port.alter = () => ({ status, body });
      await ui.page.reload();
      await banner.getByText('what answers at this port is not smartproxy-ingress').waitFor();
      port.alter = asItComes;
      await ui.row('default/shop').waitFor();
      assert.equal(await banner.textContent(), '');
    }
  });

  await t.test('a program whose pages have another shape is said to be of another version, and asked on', async (t) => {
    t.after(() => {
      port.alter = asItComes;
    });
    const without = (field: string, body: string) => JSON.stringify({ ...JSON.parse(body), version: '0.0.8', [field]: undefined });
    port.alter = (path, answer) => (path === '/debug/status' ? { ...answer, body: without('admin', answer.body) } : answer);
    const ui = await UiPage.open(t, browser, port.url);
    const banner = ui.page.getByRole('alert');
    await banner.getByText('The program at this port is of version 0.0.8, and this web UI of 0.1.0: it cannot show its state.').waitFor();
    await ui.page.locator('header').getByText('not known', { exact: true }).waitFor();
    await ui.reads('The program at this port writes /debug/status otherwise');
    assert.deepEqual(await ui.findings(), []);
    port.alter = (path, answer) => (path.startsWith('/debug/connections') ? { status: 200, body: '{"open":[]}' } : answer);
    await ui.go('Connections');
    await ui.reads('The program at this port writes /debug/connections otherwise');
    port.alter = (path, answer) => (path === '/debug/problems' ? { status: 200, body: without('sources', answer.body) } : answer);
    await ui.go('Problems');
    await ui.reads('The program at this port writes /debug/problems otherwise');
    const total = { sources: 0, objects: 3000, endpoints: 0 };
    const unlike = JSON.stringify({ total, sources: [], objects: [{}], endpoints: [] });
    port.alter = (path, answer) => (path === '/debug/problems' ? { ...answer, body: unlike } : answer);
    await ui.reads('What the program says cannot be shown: it is of another version than this web UI.');
    port.alter = (path, answer) =>
      path === '/debug/problems' ? { ...answer, body: JSON.stringify({ ...JSON.parse(answer.body), total }) } : answer;
    await ui.reads('of 3,000 problems');
    port.alter = asItComes;
    await ui.row('ServiceNotFound').first().waitFor();
    assert.equal(await banner.textContent(), '');
  });

  await t.test('a program of another version is said to be one, and its pages that are missing', async (t) => {
    const ui = await UiPage.open(t, browser, port.url);
    await ui.page.locator('header').getByText('ready', { exact: true }).waitFor();
    t.after(() => {
      port.alter = asItComes;
    });
    port.alter = (path, answer) => {
      if (path.startsWith('/debug/endings')) return { status: 404, body: '{"error":"no such page","pages":["/debug/routes"]}' };
      return path === '/debug/status' ? { ...answer, body: answer.body.replace('"version": "0.1.0"', '"version": "0.0.9"') } : answer;
    };
    const banner = ui.page.getByRole('alert');
    await banner.getByText('The program at this port is of version 0.0.9, and this web UI of 0.1.0').waitFor();
    await ui.go('Endings');
    await ui.reads('it is older than this web UI');
    assert.deepEqual(await ui.findings(), []);
    port.alter = () => ({ status: 404, body: '{"error":"no such page","pages":["/debug/routes"]}' });
    await banner.getByText('has no page /debug/status').waitFor();
    port.alter = asItComes;
    await banner.getByRole('button', { name: 'Load its own' }).click();
    await ui.page.locator('header').getByText('ready', { exact: true }).waitFor();
    assert.equal(await banner.textContent(), '');
  });

  await t.test('a page that the program refuses says why, and the rest goes on', async (t) => {
    const ui = await UiPage.open(t, browser, port.url);
    t.after(() => {
      port.alter = asItComes;
    });
    port.alter = (path, answer) => (path === '/debug/problems' ? { status: 500, body: '{"error":"the page cannot be made now"}' } : answer);
    await ui.go('Problems');
    await ui.reads('The program says: the page cannot be made now');
    assert.equal(await ui.page.getByRole('alert').textContent(), '');
  });

  await t.test('nothing is asked for while nobody can see it, and never two pages at once', async (t) => {
    port.mostAtOnce = 0;
    const ui = await UiPage.open(t, browser, port.url);
    await ui.page.clock.install();
    await ui.page.locator('header').getByText('ready', { exact: true }).waitFor();
    const hide = (isHidden: boolean) =>
      ui.page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${isHidden} });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await hide(true);
    await ui.page.clock.runFor(10_000);
    const before = port.asked.length;
    await ui.page.clock.runFor(600_000);
    assert.equal(port.asked.length, before);
    await hide(false);
    await eventually('it goes on', () => port.asked.length > before);
    assert.equal(port.mostAtOnce, 1);
  });

  await t.test('of more rows than a browser should draw 500 are, of more objects than are asked for some are searched', async (t) => {
    t.after(() => {
      port.alter = asItComes;
    });
    const connection = {
      id: '',
      state: 'handed_over',
      listener: 'http',
      remoteAddress: '2001:db8::7',
      ageMs: 1,
      idleMs: 1,
      bytesReceived: 0,
      bytesSent: 0,
    };
    const many = JSON.stringify(Array.from({ length: 1000 }, (_, each) => ({ ...connection, id: `c-${each}`, remotePort: each + 1 })));
    port.alter = (path, answer) => {
      if (path.startsWith('/debug/connections')) return { status: 200, body: many };
      return path.startsWith('/debug/route-report') ? { ...answer, body: answer.body.replace(/"total": \d+/, '"total": 1200') } : answer;
    };
    const ui = await UiPage.open(t, browser, `${port.url}#/connections`);
    const { page } = ui;
    await ui.reads('500 more: filter to see others.');
    await ui.reads('Only 1,000 are asked for: choose a route to see its own.');
    assert.equal(await page.locator('main tbody tr').count(), 500);
    await page.getByRole('searchbox', { name: /^Filter/ }).fill('[2001:db8::7]:987');
    await ui.reads('1 of 1,000 connections');
    assert.equal(await page.locator('main tbody tr').count(), 1);
    await page.keyboard.press('Escape');
    await ui.reads('500 more: filter to see others.');

    await ui.go('Routes');
    await ui.reads('5 of 1,200 objects');
    await page.getByLabel('5 objects were asked for.').fill('hop.local');
    await eventually('the program is asked for them', () => port.asked.at(-1) === '/debug/route-report?limit=1000&search=hop.local');
    await ui.row('default/shop').waitFor();
    assert.equal(await ui.row('default/evil').count(), 0);
    const asked = port.asked.length;
    await page.getByRole('button', { name: 'default/shop' }).click();
    await page.getByRole('table', { name: 'Rules' }).getByText('no endpoints').waitFor();
    const backends = port.asked.slice(asked).filter((path) => path.startsWith('/debug/backends'));
    assert.deepEqual(
      [...new Set(backends)],
      ['/debug/backends?service=default%2Fempty%3A80', '/debug/backends?service=default%2Fweb%3A80'],
    );
    assert.deepEqual(await ui.findings(), []);
  });

  await t.test('connections are ended with the token of the program alone, which is kept in this tab', async (t) => {
    const client = await program.client(t);
    const closed = new Promise((resolve) => client.once('close', resolve));
    const name = `127.0.0.1:${client.localPort}`;
    const ui = await UiPage.open(t, browser, `${port.url}#/connections`);
    const { page } = ui;
    const said = page.getByRole('status');
    const end = page.getByRole('button', { name: `End the connection of ${name}` });
    await ui.row(name).waitFor();
    assert.equal(await end.count(), 0);

    const enter = async (token: string): Promise<void> => {
      await page.getByRole('button', { name: 'Read-only: enter token' }).click();
      await page.getByLabel('Admin token').fill(token);
      await page.keyboard.press('Enter');
    };
    await enter('not-the-token-at-all');
    await end.click();
    assert.deepEqual(await ui.findings(), []);
    await page.getByRole('button', { name: 'End it' }).click();
    await said.getByText('Not ended: the token is not that of --admin-token-file').waitFor();
    await end.waitFor({ state: 'detached' });

    const token = (await readFile(tokenFile, 'utf8')).trim();
    await enter(token);
    await page.reload();
    await end.click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await end.click();
    await page.getByRole('button', { name: 'End it' }).click();
    await said.getByText('Ended: 1 connection.').waitFor();
    await closed;
    await ui.row(name).waitFor({ state: 'detached' });
    await ui.go('Endings');
    assert.match((await ui.row(name).textContent()) ?? '', /killed, by the proxy/);
    assert.equal(
      await page.evaluate('JSON.stringify(localStorage) + document.cookie + location.href').then((kept) => String(kept).includes(token)),
      false,
    );
    await page.getByRole('button', { name: 'Forget the token' }).click();
    await page.getByRole('button', { name: 'Read-only: enter token' }).waitFor();
    assert.equal(await page.evaluate('sessionStorage.length'), 0);
  });

  await t.test('endpoints are drained, and used again, with the token alone', async (t) => {
    const ui = await UiPage.open(t, browser, `${port.url}#/routes`);
    const { page } = ui;
    const said = page.getByRole('status');
    const rules = page.getByRole('table', { name: 'Rules' });
    await page.getByRole('button', { name: 'default/shop' }).click();
    await rules.getByText('no endpoints').waitFor();
    const drain = rules.getByRole('button', { name: /^Drain 127\.0\.0\.1:\d+$/ });
    assert.equal(await drain.count(), 0);
    await page.getByRole('button', { name: 'Read-only: enter token' }).click();
    await page.getByLabel('Admin token').fill((await readFile(tokenFile, 'utf8')).trim());
    await page.keyboard.press('Enter');
    await drain.click();
    assert.deepEqual(await ui.findings(), []);
    await page.getByRole('button', { name: 'Cancel' }).click();
    const drained = async (): Promise<readonly string[]> => JSON.parse((await get(program.admin, 'localhost', '/debug/drains')).body);
    assert.deepEqual(await drained(), []);
    await drain.click();
    await page.getByRole('button', { name: 'Drain it' }).click();
    await said.getByText(/^Drained: 127\.0\.0\.1:\d+\.$/).waitFor();
    await rules.getByText('drained', { exact: true }).waitFor();
    const [endpoint] = await drained();
    assert.match(endpoint ?? '', /^127\.0\.0\.1:\d+$/);
    assert.deepEqual(await ui.findings(), []);
    await rules.getByRole('button', { name: `Use again ${endpoint}` }).click();
    await said.getByText(`Used again: ${endpoint}.`).waitFor();
    await drain.waitFor();
    assert.deepEqual(await drained(), []);
    await page.getByRole('button', { name: 'Forget the token' }).click();
    await drain.waitFor({ state: 'detached' });
  });

  await t.test('a browser that stores nothing shows everything, and keeps token and theme while the page is open', async (t) => {
    const { page } = await UiPage.open(t, browser, port.url);
    await page.addInitScript(`for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } })`);
    await page.reload();
    await page.locator('header').getByText('ready', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Theme: auto' }).click();
    await page.getByRole('button', { name: 'Theme: light' }).waitFor();
    await page.getByRole('button', { name: 'Read-only: enter token' }).click();
    await page.getByLabel('Admin token').fill('a-token-of-this-page');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Forget the token' }).click();
    await page.getByRole('button', { name: 'Read-only: enter token' }).waitFor();
  });
});
