import type { PageName } from './page-data.ts';

const routeTotals = {
  requests: 0,
  byStatusClass: {},
  durationSum: 0,
  connectionsOpened: 0,
  bytesReceived: 0,
  bytesSent: 0,
};

/** What a view of each page cannot do without: `''` a text, `0` a number, `[]` a list, perhaps of something, `{}` an object of these. */
const shapes: Readonly<Record<PageName, unknown>> = {
  '/debug/status': {
    version: '',
    startedAt: '',
    uptimeSeconds: 0,
    troubles: [],
    source: { kind: '' },
    table: { generation: 0, routes: 0, hosts: 0, services: 0, endpoints: 0, certificates: 0 },
    listeners: [],
    workers: [],
    totals: { requests: 0, byStatusClass: {}, connectionsAccepted: 0, connectionsActive: 0, bytesReceived: 0, bytesSent: 0 },
    problems: { errors: 0, warnings: 0 },
    admin: {},
  },
  '/debug/route-report': {
    total: 0,
    routes: [{ object: {}, hosts: [], rules: [], problems: [], totals: routeTotals }],
  },
  '/debug/backends': { backends: [] },
  '/debug/explain': { summary: '', asked: {}, edge: [], candidates: [], filters: [], effects: [], backends: [], problems: [], notes: [] },
  '/debug/connections': [],
  '/debug/endings': [],
  '/debug/certificates': { certificates: [], problems: [] },
  '/debug/problems': { total: { sources: 0, objects: 0, endpoints: 0 }, sources: [], objects: [], endpoints: [] },
};

/** Whether what came as a page can be shown as one: a program of another version may write it otherwise. @param path may have a query */
export function hasShapeOf(path: string, data: unknown): boolean {
  const [name = ''] = path.split('?');
  return !Object.hasOwn(shapes, name) || fits(data, shapes[name as PageName]);
}

/** The version that a status tells, whatever else it has; undefined: it is no status of this program. */
export function versionOf(status: unknown): string | undefined {
  return isObject(status) && typeof status.version === 'string' ? status.version : undefined;
}

function fits(data: unknown, shape: unknown): boolean {
  if (Array.isArray(shape)) return Array.isArray(data) && (shape.length === 0 || data.every((each) => fits(each, shape[0])));
  if (!isObject(shape)) return typeof data === typeof shape;
  return isObject(data) && Object.entries(shape).every(([name, inner]) => fits(data[name], inner));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
