import { smartRouteSchema } from '../../src/api/generated/smart-route-schema.ts';
import { checkSchema } from '../../src/api/schema-check.ts';
import { sharedPlaces } from '../../tools/shared-schemas.ts';
import { SchemaRules } from './schema-rules.ts';
import { type SmartRouteCase, smartRouteCases } from './smart-route-cases.ts';

/** What cases are about that `defaults` share, where they have it. */
interface Parts {
  readonly connection?: object;
  readonly policy?: { readonly auth?: { readonly none?: unknown } };
  readonly udp?: Readonly<Record<string, unknown>>;
  readonly http?: { readonly rules?: readonly { readonly action?: { readonly forward?: { readonly loadBalancing?: object } } }[] };
}

/** The cases of SmartRoute that are about what `defaults` of a SmartProxyConfig have too, as such defaults; those that only a route may have are left out. */
export const inheritedCases: readonly SmartRouteCase[] = unique(smartRouteCases.flatMap(inheritedOf));

/** The rules in CEL of SmartProxyConfig, copies of SmartRoute's included. */
export const inheritedRules = new SchemaRules('crds/smartproxy.dev_smartproxyconfigs.yaml');

function inheritedOf({ name, rule, spec, valid }: SmartRouteCase): readonly SmartRouteCase[] {
  const { connection, policy, http, udp = {} } = spec as Parts;
  const loadBalancing = http?.rules?.[0]?.action?.forward?.loadBalancing;
  const parts: readonly (readonly [name: string, place: string, value: object | undefined])[] = [
    ['connection', 'connection', connection],
    ['policy', 'policy', policy?.auth?.none === undefined ? policy : undefined],
    ['loadBalancing', 'http.rules[0].action.forward.loadBalancing', loadBalancing],
    ...(sharedPlaces.udp?.part?.fields ?? []).map((field) => {
      return ['udp', `udp.${field}`, udp[field] === undefined ? undefined : { [field]: udp[field] }] as const;
    }),
  ];
  // What is wrong with a route elsewhere is not wrong with the part.
  const { invalid } = checkSchema(smartRouteSchema, JSON.parse(JSON.stringify(spec)), 'spec');
  return parts
    .filter(([, place, value]) => value !== undefined && (valid || invalid.some(({ field }) => field.startsWith(`spec.${place}`))))
    .map(([part, , value]) => ({ name: `defaults.${part} ${name}`, rule, spec: { defaults: { [part]: value } }, valid }));
}

/** The first of those with the same spec. */
function unique(cases: readonly SmartRouteCase[]): readonly SmartRouteCase[] {
  return [...new Map(cases.toReversed().map((found) => [JSON.stringify(found.spec), found])).values()].toReversed();
}
