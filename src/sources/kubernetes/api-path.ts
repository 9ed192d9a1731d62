/** What a path of the API server stands for, in the words of RBAC. */
export interface ApiPath {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, with its subresource: `ingresses/status`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** Reads `/api/v1/...` and `/apis/<group>/<version>/...`, of a collection, an object or a subresource. */
export function readApiPath(path: string): ApiPath {
  const [root, ...rest] = path.split('/').slice(1);
  const group = root === 'api' ? '' : (rest.shift() ?? '');
  const version = rest.shift() ?? '';
  const namespace = rest[0] === 'namespaces' && rest.length > 2 ? rest.splice(0, 2)[1] : undefined;
  const [plural = '', name, subresource] = rest;
  return { group, version, resource: subresource === undefined ? plural : `${plural}/${subresource}`, namespace, name };
}

/** `ingresses/status of networking.k8s.io "web" in namespace shop`. */
export function describeApiPath({ group, resource, namespace, name }: ApiPath): string {
  const kind = group === '' ? resource : `${resource} of ${group}`;
  const one = name === undefined ? kind : `${kind} "${name}"`;
  return namespace === undefined ? one : `${one} in namespace ${namespace}`;
}
