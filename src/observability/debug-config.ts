import type { Config } from '../config/config.ts';

/** Fields that name where secrets are: shown as set or not. */
const hiddenFields: ReadonlySet<keyof Config> = new Set(['kubeconfig', 'snapshotKeyFile', 'adminTokenFile']);

/** The configuration for `/debug/config`. It holds no secret itself; the places where some lie are hidden all the same. */
export function debugConfig(config: Config): Readonly<Record<string, unknown>> {
  const shown = Object.entries(config).map(([field, value]) => {
    const hidden = value !== undefined && hiddenFields.has(field as keyof Config);
    return [field, hidden ? '[redacted]' : (value ?? null)];
  });
  return Object.fromEntries(shown);
}
