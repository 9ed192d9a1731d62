import type { TestContext } from 'node:test';
import type { Program } from '../program.ts';

export const host = 'shop.test';

/** Starts the program: Service `s` with these endpoints, one object that sends all of `host` there, and `more` objects. Ends with the test. */
export type Start = (endpoints: readonly number[], more?: string) => Promise<Program>;

/** What can inherit. */
export type Inheritor = 'SmartRoute' | 'Ingress';

/** Something that `defaults` of a SmartProxyConfig change, as clients and backends see it. */
export interface DefaultCase {
  readonly policy?: object;
  readonly connection?: object;
  readonly loadBalancing?: object;
  /** Of a route of datagrams on the listener of connections. */
  readonly udp?: object;
  readonly flags?: readonly string[];
  /** TLS of the host ends here. */
  readonly tls?: boolean;
  /** Both, when it says nothing. */
  readonly inheritors?: readonly Inheritor[];
  /** What there is to see. */
  readonly look: (start: Start, t: TestContext) => Promise<unknown>;
  readonly with: unknown;
  /** What there is to see without the defaults; not looked at when missing: it is to wait for longer than a test can. */
  readonly without?: unknown;
}

/** The `defaults` that a case sets. */
export function defaultsOf({ policy, connection, loadBalancing, udp }: DefaultCase): object {
  return { policy, connection, loadBalancing, udp };
}

/** The fields that a case sets, as the CRD has them: `defaults.policy.errorPages[].text`. */
export function fieldsOf(found: DefaultCase): readonly string[] {
  return leaves(defaultsOf(found), 'defaults');
}

function leaves(value: unknown, path: string): readonly string[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [path];
  if (!Array.isArray(value)) return Object.entries(value).flatMap(([name, item]) => leaves(item, `${path}.${name}`));
  const holdsFields = value.some((item) => typeof item === 'object');
  return [...new Set(value.flatMap((item) => leaves(item, holdsFields ? `${path}[]` : path)))];
}
