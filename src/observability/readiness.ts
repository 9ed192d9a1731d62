/** One part that readiness looks at. */
export interface ReadinessCheck {
  /** Without white space and colons: `watch/ingresses`, `table`. */
  readonly name: string;
  /** `failed` keeps traffic away; `degraded` does not: what is served goes on being served. */
  readonly state: 'ok' | 'failed' | 'degraded';
  /** A word or two with dashes; empty when ok. */
  readonly reason: string;
  /** A sentence; empty when ok. */
  readonly message: string;
}

/** Says 200 or 503, and why. */
export interface ReadinessAnswer {
  readonly status: 200 | 503;
  readonly body: string;
}

const marks = { ok: '+', failed: '-', degraded: '!' } as const;

/**
 * The answer of `/readyz`: `ok` when all is well and nobody asked for more; else a line for each part, as the API server writes them
 * (`[+]table: ok`, `[-]watch/ingresses: forbidden: Cannot list ...`, `[!]lease: ...`), and a verdict. Pure.
 */
export function readinessAnswer(checks: readonly ReadinessCheck[], verbose: boolean): ReadinessAnswer {
  const isReady = checks.every(({ state }) => state !== 'failed');
  if (isReady && !verbose && checks.every(({ state }) => state === 'ok')) return { status: 200, body: 'ok\n' };
  const lines = checks.map(lineOf);
  return { status: isReady ? 200 : 503, body: `${[...lines, `readyz check ${isReady ? 'passed' : 'failed'}`].join('\n')}\n` };
}

function lineOf({ name, state, reason, message }: ReadinessCheck): string {
  const text = state === 'ok' ? 'ok' : `${reason}: ${message.replaceAll(/\s+/g, ' ')}`;
  return `[${marks[state]}]${name}: ${text}`;
}
