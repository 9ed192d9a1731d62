import type { Metadata } from '../api/objects.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { ObjectRef } from './translation.ts';

/** On Secrets that we made: uids of the owners that we named, with commas between them. Other owners are not ours to change. */
const acmeOwnersAnnotation = 'smartproxy.dev/acme-owners';

/** An object of the API server has a bounded size, and the certificate must fit beside them. */
const mostOwners = 100;

/** The objects that name each Secret for a certificate, by `namespace/name` of the Secret; of more than 100 none, so that it stays. */
export function ownersBySecret(objects: readonly ResolvedObject[]): ReadonlyMap<string, readonly ObjectRef[]> {
  const owners = new Map<string, Set<ObjectRef>>();
  for (const { acme = [], reading } of objects)
    for (const { secret } of acme) {
      const known = owners.get(secret);
      if (known === undefined) owners.set(secret, new Set([reading.ref]));
      else known.add(reading.ref);
    }
  return new Map([...owners].map(([secret, refs]) => [secret, refs.size > mostOwners ? [] : [...refs]]));
}

/**
 * The metadata of a Secret of ours with these owners in the place of those that we named before: the cluster deletes it when every owner
 * is gone. The same object when it names them already. Pure.
 */
export function withOwners(metadata: Metadata, owners: readonly ObjectRef[]): Metadata {
  const { [acmeOwnersAnnotation]: before, ...annotations } = metadata.annotations ?? {};
  const { ownerReferences = [], ...rest } = metadata;
  const named = new Set(before?.split(','));
  const ours = new Set(ownerReferences.flatMap(({ uid }) => (named.has(uid) ? [uid] : [])));
  const others = ownerReferences.filter(({ uid }) => !named.has(uid));
  const othersUids = new Set(others.map(({ uid }) => uid));
  const wanted = owners.filter(({ uid }) => !othersUids.has(uid));
  if (wanted.length === ours.size && wanted.every(({ uid }) => ours.has(uid))) return metadata;
  const references = wanted.map(({ apiVersion, kind, name, uid }) => ({ apiVersion, kind, name, uid, blockOwnerDeletion: false }));
  if (wanted.length > 0) annotations[acmeOwnersAnnotation] = wanted.map(({ uid }) => uid).join();
  return { ...rest, annotations, ownerReferences: [...others, ...references] };
}
