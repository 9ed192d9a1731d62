{{/* Made from src/config/options.ts by `npm run generate`; do not edit. */}}

{{/* Flags that are true or false. */}}
{{- define "smartproxy.switches" -}}
[
  "echo-backends",
  "watch-ingress-without-class",
  "snapshot",
  "status",
  "leader-election",
  "https-redirect",
  "forwarded-header",
  "trace-context",
  "allow-local-external-names",
  "http2",
  "h2c"
]
{{- end }}

{{/* Flags that a pod of the chart may have. */}}
{{- define "smartproxy.flags" -}}
[
  "address",
  "published-http-port",
  "published-https-port",
  "status-address",
  "admin-address",
  "proxy-protocol-from",
  "snapshot",
  "snapshot-key-file",
  "network-proxy-transport",
  "status",
  "leader-election",
  "zone",
  "https-redirect",
  "trusted-proxies",
  "forwarded-header",
  "trace-context",
  "max-request-body",
  "connect-timeout",
  "upstream-read-timeout",
  "upstream-send-timeout",
  "tunnel-idle-timeout",
  "retries",
  "load-balancing",
  "allow-local-external-names",
  "http2",
  "h2c",
  "first-byte-timeout",
  "handshake-timeout",
  "max-handshakes",
  "unknown-server-name",
  "ticket-key-rotation",
  "header-timeout",
  "body-timeout",
  "keep-alive-timeout",
  "keep-alive-requests",
  "max-connection-lifetime",
  "max-connections",
  "max-connections-per-ip",
  "connection-rate",
  "allow-cidrs",
  "deny-cidrs",
  "max-header-size",
  "max-headers",
  "upstream-idle-per-endpoint",
  "upstream-idle-timeout",
  "max-connections-per-endpoint",
  "max-buffered",
  "overload-memory",
  "overload-delay",
  "access-log",
  "log-level",
  "max-route-series"
]
{{- end }}

{{/* Flags that other values set, with what to do. */}}
{{- define "smartproxy.ownedFlags" -}}
{
  "watch-namespace": "set watch.namespaces",
  "secret-names": "set watch.secretNames",
  "ingress-class": "set ingressClass.name",
  "controller-class": "set ingressClass.controllerValue",
  "watch-ingress-without-class": "set watchIngressWithoutClass",
  "default-backend": "set defaultBackend",
  "default-certificate": "set defaultCertificate",
  "http-port": "set containerPorts.http",
  "https-port": "set containerPorts.https",
  "status-port": "set containerPorts.status",
  "admin-port": "set containerPorts.admin",
  "workers": "set workers",
  "drain-delay": "set drain.delay",
  "drain-timeout": "set drain.timeout",
  "publish-service": "set publishService",
  "publish-address": "set publishAddresses",
  "lease-name": "it is named after the release, as the Role for it is: set fullnameOverride",
  "pod-name": "it is taken from the pod",
  "pod-namespace": "it is taken from the pod",
  "pod-uid": "it is taken from the pod",
  "state-dir": "the folder is where stateVolume is mounted"
}
{{- end }}
