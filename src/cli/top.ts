import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '../ask/printable.ts';
import { renderTopView } from '../ask/reports/render-top.ts';
import type { RouteReport } from '../ask/reports/route-report.ts';
import type { StatusReport } from '../ask/reports/status-report.ts';
import { type TopSample, topView } from '../ask/reports/top-view.ts';
import { duration, onOff } from '../config/value-types.ts';
import { messageOf, SmartProxyError } from '../errors.ts';
import { adminOption, askReport } from './ask-pod.ts';
import type { Command, CommandContext } from './command.ts';
import { type CommandOption, renderCommandOptions } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { jsonOption, liveArguments } from './live-arguments.ts';
import type { Terminal } from './terminal.ts';

const interval: CommandOption<number> = {
  flag: 'interval',
  value: duration,
  default: 1000,
  defaultText: '1s',
  doc: 'Between two looks, at least 100ms; numbers are means over it.',
};
const once: CommandOption<boolean> = {
  flag: 'once',
  value: onOff,
  default: false,
  defaultText: 'again and again',
  doc: 'Look twice, print what went on in between, and end. Needs no terminal.',
};

/** The flags of the command. */
export const topOptions: readonly CommandOption<unknown>[] = [interval, once, adminOption, jsonOption];

/** `top`: what goes on in a running program, live. */
export const topCommand: Command = {
  name: 'top',
  summary: 'Show what goes on in a running program: rates by route, times, connections, workers.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(topOptions)}`,
  asksProgram: () => true,
  run,
};

const usage = `Usage: smartproxy-ingress top [--interval DURATION] [--admin ADDRESS:PORT]
       smartproxy-ingress top --once [--json] [--interval DURATION] [--admin ADDRESS:PORT]

Draws the busiest routes with requests and errors a second, median and 99th percentile of their times, and what each worker uses, until q or Ctrl-C.
Ends with status 0, 4 when no program answers at the start, 2 without a terminal unless --once is given.`;

/** As many objects are looked at. */
const mostRoutes = 500;
const minIntervalMs = 100;
/** Of a view that is printed. */
const page = { rows: 60, columns: 1000 };

async function run(args: readonly string[], { print, openTerminal }: CommandContext): Promise<number> {
  const given = liveArguments('top', args, topOptions);
  const [admin, intervalMs, isOnce] = [given.read(adminOption), given.read(interval), given.read(once)];
  if (intervalMs < minIntervalMs) throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --interval: at least 100ms');
  if (given.read(jsonOption) && !isOnce) throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --json without --once');
  if (!isOnce && openTerminal === undefined)
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot draw without a terminal: use top --once, which prints one view');
  const first = await sample(admin);
  if (isOnce || openTerminal === undefined) {
    await sleep(intervalMs);
    const view = topView(first, await sample(admin));
    print(given.read(jsonOption) ? JSON.stringify(view, undefined, 2) : renderTopView(view, titleOf(first.status), page));
    return exitCodes.ok.code;
  }
  const terminal = openTerminal();
  try {
    await drawUntilLeft(terminal, admin, first, intervalMs);
  } finally {
    terminal.close();
  }
  return exitCodes.ok.code;
}

/** A program that does not answer any more is told as such, and asked again. */
async function drawUntilLeft(terminal: Terminal, admin: string, first: TopSample, intervalMs: number): Promise<void> {
  const left = new AbortController();
  void terminal.left.then(() => left.abort());
  let before = first;
  terminal.draw(`${titleOf(first.status)}\nlooking ...`);
  while (!left.signal.aborted) {
    await sleep(intervalMs, undefined, { signal: left.signal }).catch(() => {});
    if (left.signal.aborted) return;
    try {
      const after = await sample(admin);
      terminal.draw(renderTopView(topView(before, after), titleOf(after.status), terminal));
      before = after;
    } catch (error) {
      terminal.draw(`LOST: ${printable(messageOf(error))}\n\nIt is asked again. q ends.`.slice(0, terminal.columns * terminal.rows));
    }
  }
}

async function sample(admin: string): Promise<TopSample> {
  const [status, routes] = await Promise.all([
    askReport<StatusReport>(admin, '/debug/status', 'workers'),
    askReport<RouteReport>(admin, `/debug/route-report?order=requests&limit=${mostRoutes}`, 'routes', 'durationBounds'),
  ]);
  return { status, routes, atMs: performance.now() };
}

function titleOf({ version, pod, uptimeSeconds }: StatusReport): string {
  const place = pod === undefined ? '' : `, pod ${pod.namespace}/${pod.name}`;
  return printable(`smartproxy-ingress ${version}${place}, up ${Math.floor(uptimeSeconds)} s`);
}
