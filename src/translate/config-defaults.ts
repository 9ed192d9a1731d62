import { isNetwork } from '../address-list.ts';
import type { SmartProxyConfigSpec } from '../api/generated/smart-proxy-config.ts';
import { absentHeaderOfHash, absentHeadersOfPolicy } from './absent-headers.ts';
import { balancingOf } from './balancing-settings.ts';
import { servicesOfInstallation } from './policy-services.ts';
import { messageFor, type ProblemList, quote } from './problem-list.ts';
import { wrongExemption } from './rate-limits.ts';
import { ofInstallation, type RouteSettings } from './route-settings.ts';
import { settingsOfConnection, settingsOfPolicy, settingsOfUdp } from './smart-route-policy.ts';
import type { ObjectRef } from './translation.ts';

/** Nobody. */
const nobody = { allow: [], deny: ['0.0.0.0/0', '::/0'] };

/** Secrets that are read once for all who inherit them. */
function secretsOfInstallation(settings: RouteSettings): RouteSettings {
  const { backendTlsCaSecret: ca, backendTlsClientSecret: certificate, auth } = settings;
  return {
    ...settings,
    ...(ca && { backendTlsCaSecret: ofInstallation }),
    ...(certificate && { backendTlsClientSecret: ofInstallation }),
    ...(auth && { auth: { kind: 'installation' as const } }),
  };
}

/** What `defaults` of a SmartProxyConfig sets; undefined: nothing. */
export function settingsOfDefaults(ref: ObjectRef, { defaults }: SmartProxyConfigSpec, problems: ProblemList): RouteSettings | undefined {
  if (defaults === undefined || Object.keys(defaults).length === 0) return undefined;
  const { policy = {}, connection = {}, loadBalancing, udp = {} } = defaults;
  const settings = {
    ...settingsOfPolicy(policy, `SmartProxyConfig ${ref.namespace}/${ref.name}`),
    ...settingsOfConnection(connection),
    ...settingsOfUdp(udp),
    balancing: loadBalancing && balancingOf(loadBalancing),
  };
  const isUsable = (part: string, cidrs: readonly string[]): boolean => {
    const wrong = cidrs.find((cidr) => !isNetwork(cidr));
    if (wrong === undefined) return true;
    const field = `spec.defaults.policy.${part}`;
    const sentence = `${quote(wrong)} is no address or CIDR, so nobody is let in where no other list holds; correct it`;
    problems.add('InvalidAddress', field, messageFor(ref, field, sentence));
    return false;
  };
  const wrong = wrongExemption(policy.rateLimits ?? []);
  if (wrong !== undefined) {
    const field = 'spec.defaults.policy.rateLimits';
    const sentence = `${quote(wrong)} in exempt is no address or CIDR, so its requests are counted; correct it`;
    problems.add('InvalidAddress', field, messageFor(ref, field, sentence));
  }
  for (const { place, sentence } of [...absentHeadersOfPolicy(policy), ...absentHeaderOfHash(loadBalancing, 'loadBalancing')]) {
    const field = `spec.defaults.${place}`;
    problems.add('NoEffect', field, messageFor(ref, field, sentence));
  }
  const { clients, maintenance } = settings;
  return {
    ...secretsOfInstallation(servicesOfInstallation(settings, ref.namespace)),
    ...(clients && !isUsable('clients', [...clients.allow, ...clients.deny]) && { clients: nobody }),
    ...(maintenance && !isUsable('maintenance.allow', maintenance.allow) && { maintenance: { ...maintenance, allow: [] } }),
  };
}
