import type { Service as ServiceObject } from '../api/objects.ts';
import type { Policy } from '../routes/policy.ts';
import type { RouteAction } from '../routes/route.ts';
import { anyHost, type Host } from '../routes/route-table.ts';
import type { BoundDefaults } from './bound-defaults.ts';
import { forwardActionOf } from './forward-action.ts';
import { noNeeds } from './host-claim.ts';
import { inheritSettings } from './inherited-settings.ts';
import type { MergedHost } from './merged-host.ts';
import type { Policies } from './policies.ts';
import { describe } from './problem-list.ts';
import { backendSettingsOf, bindService } from './service-binding.ts';
import { besideRequests } from './service-use.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { ObjectRef, Problem } from './translation.ts';

/** The host of `--default-backend`: everything that no Ingress matches. */
export interface DefaultBackend {
  readonly merged: MergedHost | undefined;
  readonly problems: readonly Problem[];
}

const absent: DefaultBackend = { merged: undefined, problems: [] };

/** A Service port as `--default-backend` writes it. */
export interface BackendName {
  /** `namespace/name`. */
  readonly objectKey: string;
  readonly port: number | string;
}

/** Reads `namespace/service:port`, the port by number or name; undefined when there is none or it is written otherwise. */
export function parseBackendName(text: string | undefined): BackendName | undefined {
  const match = text === undefined ? null : /^([^/:]+\/[^/:]+):([^/:]+)$/.exec(text);
  if (match === null) return undefined;
  const [, objectKey = '', port = ''] = match;
  return { objectKey, port: /^\d+$/.test(port) ? Number(port) : port };
}

/**
 * @param name undefined: none is configured, and what matches nothing is a 404
 * @param inherited what the installation sets for every route
 */
export function readDefaultBackend(
  name: BackendName | undefined,
  service: ServiceObject | undefined,
  options: TranslateDefaults,
  policies: Policies,
  inherited: BoundDefaults,
): DefaultBackend {
  if (name === undefined) return absent;
  const { objectKey, port } = name;
  const slash = objectKey.indexOf('/');
  const object = { apiVersion: 'v1', kind: 'Service', namespace: objectKey.slice(0, slash), name: objectKey.slice(slash + 1), uid: '' };
  if (service === undefined) return failing(object, 'ServiceNotFound', 'does not exist; create it or correct --default-backend');
  const settings = inheritSettings(inherited.settings, {});
  const { auth, backendTls } = inherited.guards;
  const tls = { serverName: settings.backendTlsServerName, ca: backendTls.ca, clientCertificate: backendTls.clientCertificate };
  const result = bindService(objectKey, service, port, backendSettingsOf(settings, tls, options));
  if (result.kind === 'unbound') return failing(object, result.reason, result.why);
  const { binding } = result;
  const asked = 'broken' in auth ? noAuth : auth;
  const policy = policies.policy({ ...settings, authPolicy: asked.policy }, false);
  const brokenTls = binding.service.tls === undefined ? undefined : (backendTls.broken.ca ?? backendTls.broken.clientCertificate);
  const broken = 'broken' in auth ? auth.broken : brokenTls;
  const forward = forwardActionOf([{ service: binding.service.key, weight: 1 }], settings);
  const host = hostFor(object, policy, broken === undefined ? forward : { kind: 'fail', status: 503, reason: broken });
  const uses = [binding, ...inherited.bindings, ...asked.needs.bindings].map((used) => {
    return { binding: used, from: undefined, field: '--default-backend', gets: besideRequests(used.service.key, forward, settings) };
  });
  const { secrets } = asked.needs;
  return {
    merged: {
      host,
      policies: [policy],
      certificates: [],
      secrets,
      pages: inherited.pages,
      uses,
      served: [],
      servedRules: [],
      problems: [],
    },
    problems: [],
  };
}

const noAuth = { policy: undefined, needs: noNeeds };

function hostFor(object: ObjectRef, policy: Policy, action: RouteAction): Host {
  const { kind, namespace, name } = object;
  return {
    key: anyHost,
    routes: [
      {
        key: `DefaultBackend ${namespace}/${name} ${anyHost} prefix /`,
        source: { kind, namespace, name },
        createdAtMs: 0,
        priority: 0,
        match: { path: { kind: 'prefix', value: '/' }, methods: [], headers: [], query: [] },
        policy: policy.key,
        action,
      },
    ],
    tls: undefined,
  };
}

function failing(object: ObjectRef, reason: Problem['reason'], why: string): DefaultBackend {
  return {
    merged: undefined,
    problems: [{ object, reason, field: '--default-backend', message: `${describe(object)}, the default backend, ${why}.` }],
  };
}
