import { type KubeObject, objectKey } from '../../api/objects.ts';
import type { Config } from '../../config/config.ts';
import type { Log } from '../../log.ts';
import { ObjectStore, type ResourceHealth, type Snapshot, type Source } from '../object-store.ts';
import { type Trouble, Troubles } from '../troubles.ts';
import type { ApiClient } from './api-client.ts';
import { OptionalResource } from './optional-resource.ts';
import { Reflector, type ReflectorOptions, type ReflectorTarget, type ReflectorTimings } from './reflector.ts';
import {
  collectionPath,
  endpointSliceType,
  isClusterScoped,
  type OptionalResourceType,
  optionalTypes,
  type ResourceType,
  resourceName,
  secretType,
  serviceType,
  watchedTypes,
} from './resources.ts';
import { metadataOnly, SecretFetcher, secretFieldSelector } from './secret-fetcher.ts';
import { SecretsByName } from './secrets-by-name.ts';
import type { WatchedObject } from './watch-event.ts';

/** What of the Config decides which objects are read. */
export type KubernetesSourceConfig = Pick<Config, 'watchNamespaces' | 'secretNames' | 'publishService' | 'podNamespace' | 'acme'>;

export interface KubernetesSourceOptions {
  readonly client: ApiClient;
  readonly config: KubernetesSourceConfig;
  readonly log: Log;
  /**
   * The Secrets that a snapshot refers to. They are read before the store counts as synced, so that the first table that serves
   * already has its certificates. @default none
   */
  readonly referencedSecrets?: (snapshot: Snapshot) => readonly string[];
  readonly timings?: ReflectorTimings & {
    /** Delay before an absent resource is looked for again. @default 5,000 */
    readonly firstLookMs?: number;
    /** @default 60,000 */
    readonly maxLookMs?: number;
  };
}

/**
 * The objects of an API server. Of the whole cluster, or with `watchNamespaces` of these alone: then one reflector per namespace and
 * kind, and no cluster-scoped kinds, so that Roles are enough. Secrets: the referenced ones (see SecretFetcher; those of our own namespace by
 * name where it is not watched), or with `secretNames` exactly these, each by a watch of its own.
 */
export class KubernetesSource implements Source {
  readonly store = new ObjectStore();
  /** What does not work between the API server and us. */
  readonly troubles: Troubles;
  /** For those who write: statuses, Events, the Lease. */
  readonly client: ApiClient;
  readonly #options: KubernetesSourceOptions;
  readonly #secrets: SecretFetcher;
  readonly #ownSecrets: SecretsByName | undefined;
  readonly #reflectors: readonly Reflector<WatchedObject>[];
  readonly #optional: readonly OptionalResource[];
  readonly #closed = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(options: KubernetesSourceOptions) {
    this.#options = options;
    this.client = options.client;
    this.troubles = new Troubles({ store: this.store, log: options.log });
    this.#secrets = new SecretFetcher({ client: options.client, store: this.store, troubles: this.troubles });
    this.#ownSecrets = this.#secretsByName();
    this.#reflectors = [...this.#objectReflectors(), ...this.#secretReflectors(), ...this.#publishServiceReflectors()];
    this.#optional = optionalTypes.map((type) => this.#optionalResource(type));
  }

  /** Resolves when everything was read once, however long that takes, and also when the source is closed before (not synced then). */
  async start(): Promise<void> {
    const parts = [...this.#reflectors, ...this.#optional];
    for (const part of parts) part.start();
    await Promise.race([Promise.all(parts.map(({ synced }) => synced)), this.#closed.promise]);
    const { referencedSecrets } = this.#options;
    if (referencedSecrets !== undefined && !this.#isClosed) await this.#follow(referencedSecrets(this.store.snapshot()));
    if (!this.#isClosed) this.store.markSynced();
  }

  setReferencedSecrets(keys: readonly string[]): void {
    if (this.#options.config.secretNames.length === 0) void this.#follow(keys);
  }

  async #follow(keys: readonly string[]): Promise<void> {
    await Promise.all([this.#secrets.setReferenced(keys), this.#ownSecrets?.setReferenced(keys)]);
  }

  /** Ends every watch. The client stays open: statuses and the Lease may still have something to write. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closed.resolve();
    await Promise.all([
      ...[...this.#reflectors, ...this.#optional].map((part) => part.close()),
      this.#secrets.close(),
      this.#ownSecrets?.close(),
    ]);
    this.troubles.close();
  }

  health(): readonly ResourceHealth[] {
    return [...this.#reflectors.map((reflector) => reflector.health()), ...this.#optional.flatMap((resource) => resource.health())];
  }

  #objectReflectors(): readonly Reflector<WatchedObject>[] {
    const { watchNamespaces } = this.#options.config;
    if (watchNamespaces.length === 0) return watchedTypes.map((type) => this.#kindReflector(type));
    const types = watchedTypes.filter((type) => !isClusterScoped(type));
    return watchNamespaces.flatMap((namespace) => types.map((type) => this.#kindReflector(type, namespace)));
  }

  #optionalResource(type: OptionalResourceType): OptionalResource {
    const { client, log, config, timings } = this.#options;
    const watched = config.watchNamespaces.length === 0 ? [undefined] : config.watchNamespaces;
    const namespaces = type.isOwn === true ? [config.podNamespace] : watched;
    const { labelSelector } = type;
    return new OptionalResource({
      client,
      log,
      type,
      reflectors: (groupPath, onFailure) =>
        namespaces.map((namespace) => this.#kindReflector({ ...type, groupPath }, namespace, { onFailure, labelSelector })),
      clear: () => {
        this.store.replaceKind(type.kind, []);
        for (const namespace of namespaces) this.troubles.clear(resourceName({ ...type, groupPath: '' }, namespace));
      },
      trouble: this.#trouble(type.plural),
      firstLookMs: timings?.firstLookMs,
      maxLookMs: timings?.maxLookMs,
    });
  }

  #kindReflector(
    type: ResourceType,
    namespace?: string,
    { onFailure, labelSelector }: Pick<ReflectorOptions<WatchedObject>, 'onFailure' | 'labelSelector'> = {},
  ): Reflector<WatchedObject> {
    const resource = resourceName(type, namespace);
    const tell = this.#trouble(resource);
    return this.#reflect({
      resource,
      path: collectionPath(type, namespace),
      labelSelector,
      ...(onFailure && { onFailure }),
      target: {
        ...this.#singleObjects(type),
        replace: (objects) =>
          this.store.replaceKind(
            type.kind,
            objects.map((object) => typed(type, object)),
            namespace,
          ),
        // That an optional kind is not there is no trouble, and ends its reflectors.
        trouble: (trouble) => tell(onFailure !== undefined && trouble?.reason === 'not-served' ? undefined : trouble),
      },
    });
  }

  #secretReflectors(): readonly Reflector<WatchedObject>[] {
    const { secretNames, watchNamespaces, acme, podNamespace } = this.#options.config;
    if (secretNames.length > 0) return secretNames.map((key) => this.#namedReflector(secretType, key));
    // Orders of certificates are kept in our own namespace, watched or not.
    const watched = acme ? [...new Set([...watchNamespaces, podNamespace])] : watchNamespaces;
    const namespaces = watchNamespaces.length === 0 ? [undefined] : watched;
    return namespaces.map((namespace) => {
      const resource = resourceName(secretType, namespace);
      return this.#reflect({
        resource,
        path: collectionPath(secretType, namespace),
        fieldSelector: secretFieldSelector,
        accept: metadataOnly,
        target: this.#secrets.metadataTarget(resource, namespace),
      });
    });
  }

  /** What the SmartProxyConfig refers to, when our own namespace is not watched. */
  #secretsByName(): SecretsByName | undefined {
    const { secretNames, watchNamespaces, acme, podNamespace } = this.#options.config;
    const isWatched = watchNamespaces.length === 0 || watchNamespaces.includes(podNamespace) || acme;
    if (secretNames.length > 0 || isWatched) return undefined;
    return new SecretsByName({
      namespace: podNamespace,
      follow: (key, answered) => {
        const reflector = this.#namedReflector(secretType, key, answered);
        void reflector.synced.then(answered);
        return reflector;
      },
      forget: (key) => {
        this.store.remove('Secret', key);
        this.troubles.clear(`secret ${key}`);
      },
    });
  }

  /** The publishing Service, when none of the watched namespaces has it; who orders certificates asks the replicas behind it, too. */
  #publishServiceReflectors(): readonly Reflector<WatchedObject>[] {
    const { publishService, watchNamespaces, acme } = this.#options.config;
    const [namespace = '', name = ''] = publishService?.split('/') ?? [];
    const isWatched = watchNamespaces.length === 0 || watchNamespaces.includes(namespace);
    if (publishService === undefined || isWatched) return [];
    const service = this.#namedReflector(serviceType, publishService);
    if (!acme) return [service];
    const labelSelector = `kubernetes.io/service-name=${name}`;
    return [service, this.#kindReflector(endpointSliceType, namespace, { labelSelector })];
  }

  /** One object by name: what a Role with `resourceNames` allows. */
  #namedReflector(type: ResourceType, key: string, onFailure?: () => void): Reflector<WatchedObject> {
    const [namespace = '', name = ''] = key.split('/');
    const resource = resourceName(type, namespace, name);
    return this.#reflect({
      resource,
      path: collectionPath(type, namespace),
      fieldSelector: `metadata.name=${name}`,
      ...(onFailure && { onFailure }),
      target: {
        ...this.#singleObjects(type),
        replace: ([object]) => {
          if (object === undefined) this.store.remove(type.kind, key);
          else this.store.apply(typed(type, object));
        },
        trouble: this.#trouble(resource),
      },
    });
  }

  #singleObjects(type: ResourceType): Pick<ReflectorTarget<WatchedObject>, 'apply' | 'remove'> {
    return {
      apply: (object) => this.store.apply(typed(type, object)),
      remove: (object) => this.store.remove(type.kind, objectKey(typed(type, object))),
    };
  }

  #trouble(resource: string): (trouble: Trouble | undefined) => void {
    return (trouble) => (trouble === undefined ? this.troubles.clear(resource) : this.troubles.report(resource, trouble));
  }

  #reflect(options: Omit<ReflectorOptions<WatchedObject>, 'client' | 'log' | 'timings'>): Reflector<WatchedObject> {
    const { client, log, timings } = this.#options;
    return new Reflector({ ...options, client, log, timings });
  }
}

/** The object with its kind, which the items of a list lack. */
function typed(type: ResourceType, object: WatchedObject): KubeObject {
  return { ...object, kind: type.kind } as KubeObject;
}
