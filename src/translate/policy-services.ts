import type { PageText } from '../routes/route-table.ts';
import type { ErrorPageSetting } from './error-page-settings.ts';
import type { RouteSettings } from './route-settings.ts';
import type { ServiceBinding } from './service-binding.ts';

/** A Service that a policy names. */
export interface PolicyBackend {
  readonly name: string;
  /** undefined: that of the object. */
  readonly namespace: string | undefined;
  readonly port: string | number;
  /** Namespace of the SmartProxyConfig that names it for the whole installation; undefined: the object itself does. */
  readonly installation?: string;
}

/** A text of a ConfigMap that a policy names. */
export interface PolicyConfigMap {
  readonly name: string;
  /** Of its data. */
  readonly key: string;
  /** undefined: that of the object. */
  readonly namespace: string | undefined;
  /** Named for the whole installation, whose object is told when it can't be had. */
  readonly isOfInstallation?: boolean;
}

/** Settings whose Services and ConfigMaps have been looked up, with what of them is to be in the table. */
export interface BoundSettings {
  readonly settings: RouteSettings;
  readonly bindings: readonly ServiceBinding[];
  readonly pages: readonly PageText[];
}

/** Finds a Service; undefined: it can't be had, which has been reported. @param field of the policy: `mirror.backend` */
export type BindPolicyService = (backend: PolicyBackend, setting: keyof RouteSettings, field: string) => ServiceBinding | undefined;

/** Finds a page; undefined: it can't be had, which has been reported. @param field of the policy: `errorPages[0].configMapRef` */
export type FindPage = (configMap: PolicyConfigMap, field: string) => PageText | undefined;

/**
 * Looks up the Services and ConfigMaps that settings name. Where one can't be had, what it was for is not done, and requests are served as
 * without it.
 */
export function bindPolicyServices(settings: RouteSettings, bind: BindPolicyService, findPage: FindPage): BoundSettings {
  const bindings: ServiceBinding[] = [];
  const pages: PageText[] = [];
  const keyOf = (...what: Parameters<BindPolicyService>): string | undefined => {
    const binding = bind(...what);
    if (binding !== undefined) bindings.push(binding);
    return binding?.service.key;
  };
  const pageKeyOf = (...what: Parameters<FindPage>): string | undefined => {
    const page = findPage(...what);
    if (page !== undefined) pages.push(page);
    return page?.key;
  };
  const { mirror, errorPages } = settings;
  const bound = {
    ...settings,
    ...(mirror && mirror.percent > 0 && { mirror: { ...mirror, service: keyOf(mirror.backend, 'mirror', 'mirror.backend') } }),
    ...(errorPages && { errorPages: errorPages.map((page, index) => boundPage(page, index, keyOf, pageKeyOf)) }),
  };
  return { settings: bound, bindings, pages };
}

/** Settings of a whole installation: Services and ConfigMaps without a namespace are in that of the object that says so. */
export function servicesOfInstallation(settings: RouteSettings, namespace: string): RouteSettings {
  const { mirror, errorPages } = settings;
  const own = (backend: PolicyBackend): PolicyBackend => ({
    ...backend,
    namespace: backend.namespace ?? namespace,
    installation: namespace,
  });
  return {
    ...settings,
    ...(mirror && { mirror: { ...mirror, backend: own(mirror.backend) } }),
    ...(errorPages && {
      errorPages: errorPages.map(({ content, ...page }): ErrorPageSetting => {
        if (content.kind === 'backend') return { ...page, content: { ...content, backend: own(content.backend) } };
        return {
          ...page,
          content:
            content.kind === 'text' ? content : { ...content, configMap: { ...content.configMap, namespace, isOfInstallation: true } },
        };
      }),
    }),
  };
}

function boundPage(
  page: ErrorPageSetting,
  index: number,
  keyOf: (...what: Parameters<BindPolicyService>) => string | undefined,
  pageKeyOf: (...what: Parameters<FindPage>) => string | undefined,
): ErrorPageSetting {
  const { content } = page;
  if (content.kind === 'text') return page;
  if (content.kind === 'configMap')
    return { ...page, content: { ...content, page: pageKeyOf(content.configMap, `errorPages[${index}].configMapRef`) } };
  return { ...page, content: { ...content, service: keyOf(content.backend, 'errorPages', `errorPages[${index}].backend`) } };
}
