{{/* The ports of a Service; nothing where every container port that it leads to is off. */}}
{{- define "smartproxy.servicePorts" -}}
{{- $service := .service -}}
{{- range $protocol := list "http" "https" }}
{{- $target := index $service.targetPorts $protocol }}
{{- $isOff := and (kindIs "string" $target) (hasKey $.root.Values.containerPorts $target) (eq (include "smartproxy.port" (get $.root.Values.containerPorts $target)) "off") }}
{{- if not $isOff }}
- name: {{ $protocol }}
  port: {{ int (index $service.ports $protocol) }}
  targetPort: {{ if kindIs "string" $target }}{{ $target }}{{ else }}{{ int $target }}{{ end }}
  protocol: TCP
  {{- with index $service.appProtocols $protocol }}
  appProtocol: {{ . }}
  {{- end }}
  {{- with index $service.nodePorts $protocol }}
  nodePort: {{ int . }}
  {{- end }}
{{- end }}
{{- end }}
{{- range include "smartproxy.extraListeners" .root | fromJsonArray }}
- name: {{ .name }}
  port: {{ default .port .publishedPort | int }}
  targetPort: {{ int .port }}
  protocol: {{ ternary "UDP" "TCP" (eq .protocol "UDP") }}
{{- end }}
{{- with $service.extraPorts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What HTTP and HTTPS of the Services lead to beside the ports of that name, such as that of a container in front, as a list in JSON. */}}
{{- define "smartproxy.otherTargets" -}}
{{- $own := list "http" "https" (include "smartproxy.port" .Values.containerPorts.http) (include "smartproxy.port" .Values.containerPorts.https) -}}
{{- $targets := list -}}
{{- range $service := list .Values.service .Values.internalService -}}
{{- range ternary $service.targetPorts dict $service.enabled -}}
{{- $target := ternary . (int64 (ternary 0 . (kindIs "string" .))) (kindIs "string" .) -}}
{{- if not (has (toString $target) $own) -}}{{- $targets = append $targets $target -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $targets | uniq | toJson -}}
{{- end }}

{{/* A Service from `service` (values), with `name` and `root`. */}}
{{- define "smartproxy.service" -}}
{{- $root := .root -}}
{{- $service := .service -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- merge (include "smartproxy.labels" $root | fromYaml) ($service.labels | default dict) | toYaml | nindent 4 }}
  {{- with $service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ $service.type }}
  {{- with $service.externalTrafficPolicy | default (ternary "" "Local" (eq $service.type "ClusterIP")) }}
  {{- if eq . "Local" }}
  # Keeps the client's address; only nodes with a ready pod get traffic.
  {{- end }}
  externalTrafficPolicy: {{ . }}
  {{- end }}
  {{- range $key := list "internalTrafficPolicy" "trafficDistribution" "sessionAffinity" "ipFamilyPolicy" "clusterIP" "loadBalancerIP" "loadBalancerClass" }}
  {{- with index $service $key }}
  {{ $key }}: {{ . | quote }}
  {{- end }}
  {{- end }}
  {{- with $service.sessionAffinityTimeoutSeconds }}
  sessionAffinityConfig:
    clientIP:
      timeoutSeconds: {{ int . }}
  {{- end }}
  {{- range $key := list "ipFamilies" "externalIPs" "loadBalancerSourceRanges" }}
  {{- with index $service $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- if not (kindIs "invalid" $service.allocateLoadBalancerNodePorts) }}
  allocateLoadBalancerNodePorts: {{ $service.allocateLoadBalancerNodePorts }}
  {{- end }}
  {{- with $service.healthCheckNodePort }}
  healthCheckNodePort: {{ int . }}
  {{- end }}
  selector:
    {{- include "smartproxy.selectorLabels" $root | nindent 4 }}
  ports:
    {{- include "smartproxy.servicePorts" (dict "service" $service "root" $root) | trim | nindent 4 }}
{{- end }}
