// `npm run ui-screenshots -- FOLDER [URL]`: every view of the web UI, light and dark, as FOLDER/VIEW-SCHEME.png, with requests going through meanwhile.
// URL is the admin port of a running program, http://localhost:10255/ (`npm start`) unless told; its hosts are asked at its listener `http`.
import { mkdirSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import type { RouteReport } from '../src/ask/reports/route-report.ts';
import type { StatusReport } from '../src/ask/reports/status-report.ts';
import { startBrowser } from '../test/tools/ui/browser.ts';

const [folder = '', url = 'http://localhost:10255/'] = process.argv.slice(2);
const viewport = { width: 1240, height: 730 };
const betweenRequestsMs = 40;
/** Long enough for rates, and a course of them. */
const trafficMs = 30_000;

if (folder === '') {
  process.stderr.write('Give the folder for the pictures: npm run ui-screenshots -- FOLDER [URL]\n');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

const status = await page<StatusReport>('debug/status');
const { routes } = await page<RouteReport>('debug/route-report');
const hosts = [...new Set(routes.flatMap((route) => route.hosts))].map((host) => host.replace('*', 'any'));
const traffic = setInterval(() => ask(hosts[Math.floor(Math.random() * hosts.length)] ?? 'localhost'), betweenRequestsMs);
const browser = await startBrowser();
try {
  const contexts = await Promise.all((['light', 'dark'] as const).map(async (scheme) => [scheme, await opened(scheme)] as const));
  await new Promise((resolve) => setTimeout(resolve, trafficMs));
  for (const [scheme, context] of contexts) await shoot(context, scheme);
} finally {
  clearInterval(traffic);
  await browser.close();
}

async function page<T>(path: string): Promise<T> {
  const answer = await fetch(new URL(path, url));
  if (!answer.ok) throw new Error(`${answer.url} answers ${answer.status}`);
  return (await answer.json()) as T;
}

function ask(host: string): void {
  const address = status.listeners.find(({ listener }) => listener === 'http')?.address ?? '127.0.0.1:8080';
  get(`http://${address}/`, { headers: { host }, agent: false }, (answer) => answer.resume()).on('error', () => {});
}

async function opened(colorScheme: 'light' | 'dark'): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport, colorScheme });
  await (await context.newPage()).goto(url);
  return context;
}

async function shoot(context: BrowserContext, scheme: string): Promise<void> {
  const [shown] = context.pages();
  if (shown === undefined) return;
  const question = new URLSearchParams({ url: `http://${hosts[0]}/`, client: '192.0.2.7' });
  const views = ['', 'routes', `explain?${question}`, 'tap', 'connections', 'endings', 'certificates', 'problems'];
  for (const view of views) {
    await shown.goto(new URL(`#/${view}`, url).href);
    await shown.locator('main table, main .empty:not(:text("Asking"))').first().waitFor();
    if (view === 'routes') {
      await shown
        .locator('main td[data-label="Requests/s"]')
        .filter({ hasText: /^[\d.]+$/ })
        .first()
        .waitFor();
      await shown.locator('main button.toggle').first().click();
      await shown.locator('main .endpoints').first().waitFor();
    }
    if (view === 'tap') await shown.locator('main tbody tr:nth-child(12)').waitFor();
    await shown.screenshot({ path: join(folder, `${view.split('?')[0] || 'overview'}-${scheme}.png`) });
  }
}
