import type { AnnotationValues } from '../api/annotations.ts';
import type { SmartRouteErrorPage } from '../api/generated/smart-route.ts';
import type { ErrorPage } from '../routes/policy.ts';
import type { PolicyBackend, PolicyConfigMap } from './policy-services.ts';

/** An error page as it is set. */
export interface ErrorPageSetting extends Omit<ErrorPage, 'content'> {
  readonly content:
    | Extract<ErrorPage['content'], { readonly kind: 'text' }>
    /** `page`: its key, when it has been looked up and can be used. */
    | { readonly kind: 'configMap'; readonly contentType: string; readonly configMap: PolicyConfigMap; readonly page: string | undefined }
    /** `service`: its key, when it has been looked up and is there. */
    | { readonly kind: 'backend'; readonly backend: PolicyBackend; readonly service: string | undefined };
}

/** The error pages of a policy. */
export function errorPageSettings(pages: readonly SmartRouteErrorPage[]): readonly ErrorPageSetting[] {
  return pages.map((page) => ({ statuses: page.statuses, onlyOwn: page.errorsOf === 'Proxy', content: contentOf(page) }));
}

function contentOf({
  text = '',
  contentType = 'text/html; charset=utf-8',
  configMapRef,
  backend,
}: SmartRouteErrorPage): ErrorPageSetting['content'] {
  if (configMapRef !== undefined)
    return { kind: 'configMap', contentType, configMap: { ...configMapRef, namespace: undefined }, page: undefined };
  if (backend === undefined) return { kind: 'text', contentType, text };
  const { name, namespace, port } = backend;
  return { kind: 'backend', backend: { name, namespace, port: port.name ?? port.number ?? 0 }, service: undefined };
}

/** The error pages that annotations set; undefined: none. */
export function errorPagesOfAnnotations({ customHttpErrors, errorBackend }: AnnotationValues): readonly ErrorPageSetting[] | undefined {
  if (customHttpErrors === undefined || errorBackend === undefined) return undefined;
  const backend = { ...errorBackend, namespace: undefined };
  return [{ statuses: customHttpErrors, onlyOwn: false, content: { kind: 'backend', backend, service: undefined } }];
}

/** Those that can be served: a Service or ConfigMap that is missing has been reported, and its errors go on as they are. */
export function usablePages(pages: readonly ErrorPageSetting[]): readonly ErrorPage[] {
  return pages.flatMap(({ content, ...page }): readonly ErrorPage[] => {
    if (content.kind === 'text') return [{ ...page, content }];
    if (content.kind === 'configMap') {
      const { contentType, page: key } = content;
      return key === undefined ? [] : [{ ...page, content: { kind: 'page', contentType, page: key } }];
    }
    return content.service === undefined ? [] : [{ ...page, content: { kind: 'service', service: content.service } }];
  });
}
