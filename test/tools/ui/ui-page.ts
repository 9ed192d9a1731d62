import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { TestContext } from 'node:test';
import type axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A deadline for a broken test. */
const timeoutMs = 60_000;

/** The web UI in a browser, and what went wrong in it. */
export class UiPage {
  readonly page: Page;
  /** Errors of scripts, and what the policy for contents kept from happening. */
  readonly faults: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) this.faults.push(message.text());
    });
  }

  /** A page of its own, with nothing stored; it ends with the test, which fails if anything went wrong there. */
  static async open(t: TestContext, browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<UiPage> {
    const context = await browser.newContext({ viewport: { width: 1360, height: 850 }, ...options });
    context.setDefaultTimeout(timeoutMs);
    const ui = new UiPage(await context.newPage());
    t.after(async () => {
      if (!t.passed) t.diagnostic(`the page showed: ${await ui.page.locator('body').innerText({ timeout: 5000 }).catch(String)}`);
      await context.close();
      assert.deepEqual(ui.faults, []);
    });
    await ui.page.goto(url);
    await ui.page.locator('main h1').waitFor();
    return ui;
  }

  /** Follows a link of the navigation. */
  async go(title: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: title }).click();
    await this.page.getByRole('heading', { level: 1, name: title }).waitFor();
  }

  /** Waits for a text in the view. */
  async reads(text: string | RegExp): Promise<void> {
    await this.page.locator('main').getByText(text).first().waitFor();
  }

  /** The row of a table that has this text. */
  row(text: string | RegExp) {
    return this.page.locator('main tbody tr').filter({ hasText: text });
  }

  /** What axe finds against WCAG 2.2 AA and good practice; nothing is expected. */
  async findings(): Promise<readonly string[]> {
    await this.page.evaluate(axeSource);
    const violations = await this.page.evaluate(async () => {
      const { axe: tool } = globalThis as unknown as { axe: typeof axe };
      // Without reading style sheets beforehand: it would make some of its own, which the policy of the page refuses.
      return (await tool.run({ preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
        .violations;
    });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
  }
}
