import type { ConfigMap } from '../api/objects.ts';
import type { PageText } from '../routes/route-table.ts';
import type { ProblemReason } from './translation.ts';
import { fieldsOf } from './unknown-input.ts';

/** ConfigMaps without this label are not read, so that one watch brings those that are meant and no others. */
export const errorPagesLabel = 'smartproxy.dev/error-pages';

/** Bytes in UTF-8: as much as a page of text, and as little as every worker may keep of each. */
export const maxPageBytes = 65_536;

/** A page, or why there is none: the end of a sentence that begins with the ConfigMap. */
export type PageReading = PageText | { readonly reason: ProblemReason; readonly why: string };

/** @param configMap `namespace/name` */
export function readPage(configMap: string, object: ConfigMap | undefined, key: string): PageReading {
  const { labels } = fieldsOf(object?.metadata);
  const label = fieldsOf(labels)[errorPagesLabel];
  if (object === undefined || label !== 'true')
    return { reason: 'ConfigMapNotFound', why: `does not exist, or has no label ${errorPagesLabel}: "true"; create or label it` };
  const text = Object.hasOwn(fieldsOf(object.data), key) ? fieldsOf(object.data)[key] : undefined;
  if (typeof text !== 'string') return { reason: 'ConfigMapNotFound', why: `has no ${JSON.stringify(key)} in its data; add it` };
  const bytes = Buffer.byteLength(text);
  if (bytes > maxPageBytes)
    return { reason: 'ConfigMapInvalid', why: `has ${bytes} bytes in ${JSON.stringify(key)}, and a page has ${maxPageBytes} at most` };
  return { key: `${configMap}/${key}`, text };
}
