import type { SmartRouteRedirect, SmartRouteRewrite } from '../api/generated/smart-route.ts';
import { LinearRegex } from '../routes/linear-regex.ts';
import type { FixedPathRewrite, RedirectTarget, RequestRewrite } from '../routes/route.ts';

/** Where a redirect leads. */
export function targetOf({ scheme, host, port, path }: SmartRouteRedirect): RedirectTarget {
  const rewrite: FixedPathRewrite | undefined = path && { kind: path.type === 'ReplaceFull' ? 'full' : 'prefix', value: path.value };
  return { scheme, host, port, path: rewrite };
}

/** What a forward changes of a request. */
export function rewriteOf({ host, path }: SmartRouteRewrite): RequestRewrite {
  if (path === undefined) return { host, path };
  const { type, value, pattern = '' } = path;
  if (type === 'ReplaceRegex') return { host, path: { kind: 'regex', pattern, substitution: value } };
  return { host, path: { kind: type === 'ReplaceFull' ? 'full' : 'prefix', value } };
}

/**
 * Whether a pattern makes paths that begin with no slash wherever it is found: it is found at the beginning alone, and what takes its place
 * begins with another character. What groups and the rest of a path bring is known with the request.
 */
export function losesSlash(pattern: string, substitution: string): boolean {
  return pattern.startsWith('^') && !pattern.includes('|') && /^[^/$]/.test(substitution);
}

/** Why a pattern and its substitution can't be used, as the end of a sentence ("the pattern ..."). */
export function substitutionProblem(pattern: string, substitution: string): string | undefined {
  const groups = LinearRegex.groups(pattern);
  if (typeof groups === 'string') return groups;
  const wanted = Math.max(0, ...[...substitution.matchAll(/\$([0-9])/g)].map(([, digit]) => Number(digit)));
  return wanted > groups ? `has ${groups} groups, so $${wanted} stands for nothing` : undefined;
}
