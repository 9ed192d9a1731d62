import { moduleFolder } from './go-module.ts';

const pinned = { module: 'sigs.k8s.io/gateway-api@v1.6.0', sum: 'h1:735YBRj5NXFrOGX0GoSjwzUIzbz8kiEOfADsqHFmHgE=' } as const;

/** The file with one of the Gateway API's own CRDs, from its Go module. @param name in the plural, as in its API */
export async function gatewayCrd(name: string): Promise<string> {
  return `${await moduleFolder(pinned)}/config/crd/standard/gateway.networking.k8s.io_${name}.yaml`;
}
