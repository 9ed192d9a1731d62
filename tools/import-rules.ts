/**
 * Which room of `src/` may import which: the arrows of the design, written once. A room is a folder or a file directly under `src/`, or a
 * folder inside of one with rules of its own. The ground may be used by anyone and imports nothing above it.
 */
export const ground = [
  'errors',
  'redacted',
  'local-address',
  'address-list',
  'timer-wheel',
  'jittered',
  'removal-grace',
  'steps',
  'read-buffers',
  'read-answer',
  'proxy-header',
  'config',
  'observability/counters',
  'log',
] as const;

/** Rooms that each room may import, beside itself and the ground. `*`: anything. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  main: ['*'],
  cli: ['*'],
  controller: ['sources/object-store', 'translate', 'routes', 'workers', 'api'],
  sources: ['api', 'translate'],
  api: [],
  translate: ['api', 'routes', 'sources/object-store'],
  routes: [],
  balancing: ['routes'],
  rates: ['routes'],
  workers: ['routes', 'balancing', 'rates', 'smartproxy', 'networkproxy', 'observability'],
  smartproxy: ['routes', 'balancing', 'rates', 'networkproxy/accepted-connection'],
  networkproxy: ['routes', 'balancing', 'rates'],
  observability: ['routes'],
  // What the pages of the admin server give, and the words for it; a test takes care that browsers are given nothing of Node.
  'observability/ui/browser': [
    'ask/explain',
    'ask/reports',
    'ask/units',
    'balancing/balancers',
    'cli/certificate-report',
    'sources/object-store',
    'translate/problem-docs',
    'translate/translation',
    'workers/protocol',
  ],
  snapshot: ['routes'],
  'local-ca': ['routes'],
  ask: ['api', 'routes', 'balancing', 'networkproxy', 'smartproxy', 'translate', 'sources'],
  acme: ['api', 'translate', 'sources', 'local-ca/x509', 'routes/acme-tls'],
};

/** Rooms inside of others. */
const innerRooms = Object.keys(mayImport).filter((room) => room.includes('/'));

/** The room that a path below `src/` (without extension) belongs to. */
export function roomOf(path: string): string {
  const known = [...ground, ...innerRooms].find((room) => path === room || path.startsWith(`${room}/`));
  return known ?? path.split('/')[0] ?? path;
}

/** Why `importer` may not import `imported` (both below `src/`, without extension); undefined when it may. */
export function importViolation(importer: string, imported: string): string | undefined {
  const from = roomOf(importer);
  const to = roomOf(imported);
  if (from === to || (ground as readonly string[]).includes(to)) return undefined;
  if ((ground as readonly string[]).includes(from)) return `${from} is ground and imports nothing above it`;
  const allowed = mayImport[from];
  if (allowed === undefined) return `${from} is no room of the house: add it to tools/import-rules.ts`;
  const fits = allowed.some((target) => target === '*' || imported === target || imported.startsWith(`${target}/`));
  return fits ? undefined : `${from} may import ${allowed.join(', ') || 'the ground only'}`;
}
