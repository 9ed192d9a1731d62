import { type AnnotationValues, ingressAnnotations } from '../api/annotations.ts';

type Field = keyof AnnotationValues;

/** What each of these is about: without one of `needs` it says nothing. That of who may ask is the business of who reads it. */
const dependents: readonly { readonly fields: readonly Field[]; readonly needs: readonly Field[] }[] = [
  {
    fields: [
      'affinityMode',
      'sessionCookieName',
      'sessionCookiePath',
      'sessionCookieDomain',
      'sessionCookieMaxAge',
      'sessionCookieExpires',
      'sessionCookieChangeOnFailure',
      'sessionCookieSecure',
      'sessionCookieSameSite',
    ],
    needs: ['affinity'],
  },
  { fields: ['limitBurstMultiplier'], needs: ['limitRps', 'limitRpm'] },
  { fields: ['limitAllowlist'], needs: ['limitRps', 'limitRpm', 'limitConnections'] },
  {
    fields: ['corsAllowOrigin', 'corsAllowMethods', 'corsAllowHeaders', 'corsExposeHeaders', 'corsAllowCredentials', 'corsMaxAge'],
    needs: ['enableCors'],
  },
  { fields: ['mirrorPercent'], needs: ['mirrorService'] },
  { fields: ['errorBackend'], needs: ['customHttpErrors'] },
  { fields: ['customHttpErrors'], needs: ['errorBackend'] },
  { fields: ['authRealm'], needs: ['authSecret'] },
  { fields: ['authCacheDuration'], needs: ['authCacheKey'] },
];

/** An annotation that has no effect where it stands, and what it would need: names without the prefix. */
export interface IdleAnnotation {
  readonly name: string;
  readonly needs: string;
}

/** Those that have no effect beside the others. @param present all that the object has, readable or not */
export function idleAnnotations(present: ReadonlySet<Field>): readonly IdleAnnotation[] {
  return dependents.flatMap(({ fields, needs }) => {
    if (needs.some((field) => present.has(field))) return [];
    const missing = needs.map((field) => ingressAnnotations[field].name).join(' or ');
    return fields.filter((field) => present.has(field)).map((field) => ({ name: ingressAnnotations[field].name, needs: missing }));
  });
}
