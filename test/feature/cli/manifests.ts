/** A folder's content: one Ingress for `host` with one backend on 127.0.0.1. */
export function manifests(host: string, port: number): string {
  const meta = (name: string) => `metadata: {name: ${name}, namespace: test}`;
  const backend = '{service: {name: web, port: {number: 80}}}';
  return `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: smartproxy}
spec: {controller: smartproxy.dev/ingress-controller}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
${meta('web')}
spec: {ingressClassName: smartproxy, rules: [{host: ${host}, http: {paths: [{path: /, pathType: Prefix, backend: ${backend}}]}}]}
---
apiVersion: v1
kind: Service
${meta('web')}
spec: {ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: test, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1]}]
ports: [{port: ${port}}]
`;
}
