{{/* metadata of an object for the Prometheus operator or Grafana: `values` has namespace, labels, annotations; `suffix` of the name. */}}
{{- define "smartproxy.monitoringMetadata" -}}
name: {{ include "smartproxy.fullname" .root }}{{ .suffix }}
namespace: {{ .values.namespace | default .root.Release.Namespace }}
labels:
  {{- merge (include "smartproxy.labels" .root | fromYaml) (.values.labels | default dict) | toYaml | nindent 2 }}
{{- with .values.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* An endpoint of a ServiceMonitor or PodMonitor. */}}
{{- define "smartproxy.scrapeEndpoint" -}}
port: status
path: /metrics
{{- range $key := list "interval" "scrapeTimeout" }}
{{- with index $.values $key }}
{{ $key }}: {{ . }}
{{- end }}
{{- end }}
{{- range $key := list "relabelings" "metricRelabelings" }}
{{- with index $.values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
