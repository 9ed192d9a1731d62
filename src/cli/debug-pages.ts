import { EndpointConditions } from '../ask/endpoint-conditions.ts';
import { type BackendReport, meantServices, nearestService, reportBackends } from '../ask/reports/backend-report.ts';
import { locateProblems } from '../ask/reports/locate-problems.ts';
import { type ProblemReport, reportProblems } from '../ask/reports/problem-report.ts';
import { totalsByObject } from '../ask/reports/request-totals.ts';
import { type RouteReport, reportRoutes } from '../ask/reports/route-report.ts';
import { type DebugPage, PageRefusal } from '../observability/admin-server.ts';
import type { AdminToken } from '../observability/admin-token.ts';
import { debugConfig } from '../observability/debug-config.ts';
import type { Exposition } from '../observability/exposition.ts';
import { dumpTable } from '../routes/table-dump.ts';
import { reportCertificates } from './certificate-report.ts';
import { explainPage } from './explain-page.ts';
import { filesOf, maxFilesOfAnswer } from './files-of-source.ts';
import { connectionFilterOf, limitOf, textOf } from './page-query.ts';
import type { ServersOptions } from './start-servers.ts';
import { statusReport } from './status-page.ts';
import { tapPage } from './tap-page.ts';

const defaultConnections = 1000;
const maxConnections = 100_000;
const defaultEndings = 100;
const maxEndings = 100_000;
const defaultCertificates = 1000;
const maxCertificates = 10_000;
const defaultProblems = 1000;
const maxProblems = 10_000;
const defaultRoutes = 1000;
const maxRoutes = 10_000;
const defaultBackends = 200;
const maxBackends = 2000;

/** The pages of the admin server. */
export function debugPages(options: ServersOptions, token: AdminToken, exposition: Exposition): Readonly<Record<string, DebugPage>> {
  const { config, controller, supervisor, opened } = options;
  const { questions } = supervisor;
  const files = filesOf(opened);
  return {
    '/debug/status': () => statusReport(options, token),
    '/debug/routes': () => dumpTable(supervisor.table),
    '/debug/route-report': (query) => routeReport(query, options, files.locationOf),
    '/debug/backends': (query) => backendReport(query, options),
    '/debug/connections': (query) => {
      const filter = connectionFilterOf(query);
      return filter instanceof PageRefusal ? filter : questions.connections(limitOf(query, defaultConnections, maxConnections), filter);
    },
    '/debug/endings': (query) => {
      const filter = connectionFilterOf(query);
      return filter instanceof PageRefusal ? filter : questions.recentEndings(limitOf(query, defaultEndings, maxEndings), filter);
    },
    '/debug/tap': tapPage(supervisor.taps),
    '/debug/drains': () => supervisor.drainedEndpoints,
    '/debug/problems': (query) => problemReport(query, options, files),
    '/debug/certificates': (query) =>
      reportCertificates({
        certificates: supervisor.table.certificates,
        acme: controller.translation?.acme ?? [],
        problems: controller.translation?.problems ?? [],
        nowMs: Date.now(),
        limit: limitOf(query, defaultCertificates, maxCertificates),
      }),
    '/debug/metrics': async () => ({ text: (await exposition.render()).join('') }),
    '/debug/config': () => debugConfig(config),
    '/debug/explain': explainPage(config, controller, supervisor, opened),
  };
}

async function routeReport(
  query: URLSearchParams,
  { controller, supervisor, kernel }: ServersOptions,
  locationOf: (kind: string, key: string) => string | undefined,
): Promise<RouteReport | PageRefusal> {
  const order = query.get('order') ?? 'name';
  if (order !== 'name' && order !== 'requests')
    return new PageRefusal(`order=${order.slice(0, 100)} is not allowed; expected name or requests`);
  const facts = await kernel.facts();
  const [fleet, conditions] = await Promise.all([supervisor.totals(facts?.routes), conditionsOf(supervisor)]);
  const limit = limitOf(query, defaultRoutes, maxRoutes);
  return reportRoutes(
    { host: textOf(query, 'host'), route: textOf(query, 'route'), search: textOf(query, 'search'), order, limit },
    {
      table: supervisor.table,
      conditions,
      problems: controller.translation?.problems ?? [],
      locationOf,
      totals: totalsByObject(fleet),
      seriesRefused: fleet.seriesRefused,
    },
  );
}

async function problemReport(
  query: URLSearchParams,
  { controller, supervisor, opened }: ServersOptions,
  files: ReturnType<typeof filesOf>,
): Promise<ProblemReport> {
  const out = await supervisor.questions.outEndpoints();
  const report = reportProblems(
    { search: textOf(query, 'search'), limit: limitOf(query, defaultProblems, maxProblems) },
    { sources: opened.source.store.problems(), problems: controller.translation?.problems ?? [], out, locationOf: files.locationOf },
  );
  return { ...report, objects: await locateProblems(report.objects, files.textOf, maxFilesOfAnswer) };
}

async function backendReport(query: URLSearchParams, { supervisor }: ServersOptions): Promise<BackendReport> {
  const limit = limitOf(query, defaultBackends, maxBackends);
  const { table, questions } = supervisor;
  const service = textOf(query, 'service');
  const meant = meantServices(table, service);
  const shown = meant.slice(0, limit).map(({ key }) => key);
  const [uses, conditions] = await Promise.all([questions.endpointUses(shown), conditionsOf(supervisor)]);
  const report = reportBackends(table, meant, limit, conditions, uses);
  const nearest = meant.length > 0 || service === undefined ? undefined : nearestService(table, service);
  return nearest === undefined ? report : { ...report, nearest };
}

async function conditionsOf({ questions, drainedEndpoints }: ServersOptions['supervisor']): Promise<EndpointConditions> {
  return new EndpointConditions({ out: await questions.outEndpoints(), drained: drainedEndpoints });
}
