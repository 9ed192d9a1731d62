import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { browserSkip, startBrowser } from '../../tools/ui/browser.ts';
import { ForwardedPort } from '../../tools/ui/forwarded-port.ts';
import { UiPage } from '../../tools/ui/ui-page.ts';
import { UiProgram } from '../../tools/ui/ui-program.ts';

/** More stops than any view of the test has. */
const maxStops = 150;

/** Where the keyboard is: tag and name. */
function focused({ page }: UiPage): Promise<string> {
  return page.evaluate(`(() => {
    const at = document.activeElement;
    return at.tagName + ' ' + (at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent).trim();
  })()`);
}

/** Presses Tab until the keyboard is at something. */
async function tabTo(ui: UiPage, wanted: RegExp): Promise<void> {
  for (let stop = 0; stop < maxStops; stop++) {
    await ui.page.keyboard.press('Tab');
    if (wanted.test(await focused(ui))) return;
  }
  assert.fail(`Tab does not come to ${wanted}`);
}

test('the web UI by keyboard, and how it looks', { skip: browserSkip() }, async (t) => {
  const browser = await startBrowser();
  t.after(() => browser.close());
  const program = await UiProgram.start(t);
  const port = await ForwardedPort.to(t, program.admin);

  await t.test('everything can be reached, seen and left again; answers that come meanwhile move nothing', async (t) => {
    const ui = await UiPage.open(t, browser, port.url);
    const { page } = ui;
    const { keyboard } = page;
    await page.locator('header').getByText('ready', { exact: true }).waitFor();

    await keyboard.press('Tab');
    assert.equal(await focused(ui), 'A Skip to content');
    assert.equal(await page.getByText('Skip to content').evaluate((link) => link.getBoundingClientRect().top >= 0), true);
    await keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'main');
    await page.reload();

    await tabTo(ui, /^A Routes$/);
    await keyboard.press('Enter');
    await eventually('the head of the view has the focus', async () => (await focused(ui)) === 'H1 Routes');
    await keyboard.press('/');
    assert.match(await focused(ui), /^INPUT Filter by object/);
    await keyboard.type('shop/');
    assert.match(await page.getByRole('searchbox').inputValue(), /^shop\/$/);
    await keyboard.press('Escape');
    await keyboard.type('shop');
    await ui.reads('1 of 5 objects');

    await tabTo(ui, /^A Requests\/s$/);
    await keyboard.press('Enter');
    await page.locator('th[aria-sort="descending"]').getByText('Requests/s').waitFor();
    assert.equal(await focused(ui), 'A Requests/s');
    await tabTo(ui, /^BUTTON default\/shop$/);
    await keyboard.press('Enter');
    await page.getByRole('table', { name: 'Rules' }).waitFor();
    await page.evaluate('document.activeElement.isTheSame = true');
    const asked = port.asked.length;
    await eventually('three more rounds came', () => port.asked.slice(asked).filter((path) => path === '/debug/status').length > 3);
    assert.equal(await page.evaluate('document.activeElement.isTheSame'), true);
    assert.equal(await page.getByRole('button', { name: 'default/shop' }).getAttribute('aria-expanded'), 'true');

    await tabTo(ui, /^A Explain http/);
    await keyboard.press('Enter');
    await eventually('the head of the view has the focus', async () => (await focused(ui)) === 'H1 Explain');
    await keyboard.press('/');
    await keyboard.press('ControlOrMeta+a');
    await keyboard.type(`http://shop.localhost:${program.http}/`);
    await keyboard.press('Enter');
    await page.locator('#answer').getByText('Ingress default/shop sends it to default/web:80').waitFor();
  });

  for (const view of ['', 'routes', 'explain?url=http://shop.localhost/', 'tap', 'connections', 'problems']) {
    await t.test(`Tab goes through all of "${view}" and out of it, and is seen everywhere`, async (t) => {
      const ui = await UiPage.open(t, browser, `${port.url}#/${view}`);
      await ui.page.locator('main table, main .empty').first().waitFor();
      const stops: string[] = [];
      for (let stop = 0; stop < maxStops; stop++) {
        await ui.page.keyboard.press('Tab');
        const isSeen = await ui.page.evaluate(`document.activeElement === document.body ? 'out'
          : getComputedStyle(document.activeElement).outlineStyle !== 'none' && document.activeElement.getBoundingClientRect().height > 0`);
        if (isSeen === 'out') break;
        stops.push(await focused(ui));
        assert.equal(isSeen, true, stops.join(', '));
      }
      assert.ok(stops.length > 10 && stops.length < maxStops, stops.join('\n'));
    });
  }

  await t.test('light and dark: as the system has it, until somebody says otherwise', async (t) => {
    const ui = await UiPage.open(t, browser, port.url, { colorScheme: 'dark' });
    const background = () => ui.page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const [dark, light] = ['rgb(14, 18, 23)', 'rgb(245, 246, 248)'];
    assert.equal(await background(), dark);
    await ui.page.getByRole('button', { name: 'Theme: auto' }).click();
    await ui.page.getByRole('button', { name: 'Theme: light' }).waitFor();
    assert.equal(await background(), light);
    await ui.page.reload();
    await ui.page.getByRole('button', { name: 'Theme: light' }).click();
    await ui.page.getByRole('button', { name: 'Theme: dark' }).click();
    await ui.page.emulateMedia({ colorScheme: 'light' });
    await ui.page.getByRole('button', { name: 'Theme: auto' }).waitFor();
    assert.equal(await background(), light);
  });
});
