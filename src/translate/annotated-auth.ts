import { annotationPrefix, ingressAnnotations } from '../api/annotations.ts';
import { type AuthContext, readAuth } from './auth-reader.ts';
import type { AuthSettings } from './auth-settings.ts';
import type { IngressReading } from './ingress-reading.ts';
import type { AuthReading } from './installation-guards.ts';
import { messageFor } from './problem-list.ts';

/** Annotations without which, or with a value that can't be read, the default would let anybody in. */
const guards = [
  'authType',
  'authSecret',
  'authSecretType',
  'authUrl',
  'authMethod',
  'authResponseHeaders',
  'authSignin',
  'authCacheKey',
  'authCacheDuration',
] as const;

/** What has no meaning without `auth-url`. */
const ofAuthUrl = ['authResponseHeaders', 'authSignin', 'authMethod', 'authCacheKey'] as const;

/**
 * Who may ask by the annotations of an Ingress, else by what it inherits. Where the annotations do not make sense, nobody is let in.
 * @param own what the annotations say
 * @param settings the same with what is inherited
 */
export function readAnnotatedAuth(
  { ref, annotations, unsafeAnnotations }: IngressReading,
  own: AuthSettings | undefined,
  settings: AuthSettings | undefined,
  context: Omit<AuthContext, 'bind'>,
): AuthReading {
  const { authType, authSecret, authUrl } = annotations;
  const unreadable = guards.find((name) => unsafeAnnotations.has(name));
  if (unreadable !== undefined) return { broken: `annotation ${ingressAnnotations[unreadable].name} has a value that can't be read` };
  const refuse = (name: string, sentence: string, remedy = 'add it, or remove this one'): AuthReading => {
    const field = fieldOf(name);
    context.problems.add('InvalidAnnotation', field, messageFor(ref, field, `${sentence}, so nobody is let in; ${remedy}`));
    return { broken: `annotation ${name} can not be used` };
  };
  if (authSecret !== undefined && authUrl !== undefined)
    return refuse('auth-url', 'auth-url and auth-secret can not be combined', 'keep one of the two');
  if (authType !== undefined && authSecret === undefined) return refuse('auth-type', 'auth-type has no auth-secret with the users');
  if (own === undefined || own.kind === 'none') {
    if (annotations.authSecretType !== undefined) return refuse('auth-secret-type', 'auth-secret-type has no auth-secret with the users');
    const lost = ofAuthUrl.find((name) => annotations[name] !== undefined);
    if (lost !== undefined) {
      const { name } = ingressAnnotations[lost];
      return refuse(name, `${name} has no auth-url that is asked`);
    }
  }
  return readAuth(
    { ref, rule: undefined, settings, fieldOf: (part) => fieldOf(part === 'secret' ? 'auth-secret' : 'auth-url') },
    { ...context, bind: () => 'an annotation names no Service' },
  );
}

function fieldOf(name: string): string {
  return `metadata.annotations[${annotationPrefix}${name}]`;
}
