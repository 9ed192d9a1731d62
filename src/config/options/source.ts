import type { OptionsOf } from '../option-spec.ts';
import { list, namespacedName, objectName, onOff, optional, text } from '../value-types.ts';

const filePath = text('FILE', 'a path');

/** Where objects come from. */
export const sourceOptions: OptionsOf<'manifests' | 'kubeconfig' | 'watchNamespaces' | 'secretNames' | 'echoBackends'> = {
  manifests: {
    flag: 'manifests',
    group: 'Source',
    value: optional(text('DIR', 'a folder, a file or -'), 'none'),
    default: () => undefined,
    doc: 'Read objects from this folder of YAML and JSON manifests (or one file; - is standard input) in place of an API server.',
  },
  kubeconfig: {
    flag: 'kubeconfig',
    group: 'Source',
    value: optional(filePath, 'none'),
    default: () => undefined,
    defaultText: "the pod's service account",
    doc: 'Kubeconfig with the API server to watch.',
  },
  watchNamespaces: {
    flag: 'watch-namespace',
    group: 'Source',
    value: list(objectName),
    default: () => [],
    defaultText: 'all namespaces',
    doc: 'Watch only these namespaces; Roles in them are enough. Ingress classes are then compared by name alone.',
  },
  secretNames: {
    flag: 'secret-names',
    group: 'Source',
    value: list(namespacedName),
    default: () => [],
    defaultText: 'every Secret that an Ingress refers to',
    doc: 'The only Secrets to read, so that RBAC can be narrowed to them by name.',
  },
  echoBackends: {
    flag: 'echo-backends',
    group: 'Source',
    value: onOff,
    default: () => false,
    doc: 'With --manifests: start a small echo server for every EndpointSlice annotated smartproxy.dev/echo: "true".',
  },
};
