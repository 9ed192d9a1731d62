import { sizeValue } from '../api/annotation-values.ts';
import type { AnnotationValues } from '../api/annotations.ts';
import type { SmartRouteMirror } from '../api/generated/smart-route.ts';
import type { MirrorSetting } from './route-settings.ts';
import { readAs } from './schema-values.ts';

const defaultMaxBodyBytes = 65_536;

/** The mirror of a policy. */
export function mirrorSetting({ backend, percent = 100, maxBody }: SmartRouteMirror): MirrorSetting {
  const { name, namespace, port } = backend;
  return {
    backend: { name, namespace, port: port.name ?? port.number ?? 0 },
    service: undefined,
    percent,
    maxBodyBytes: readAs(sizeValue, maxBody) ?? defaultMaxBodyBytes,
  };
}

/** The mirror that annotations set; undefined: none. */
export function mirrorOfAnnotations({ mirrorService, mirrorPercent = 100 }: AnnotationValues): MirrorSetting | undefined {
  if (mirrorService === undefined) return undefined;
  return {
    backend: { ...mirrorService, namespace: undefined },
    service: undefined,
    percent: mirrorPercent,
    maxBodyBytes: defaultMaxBodyBytes,
  };
}
