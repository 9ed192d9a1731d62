{{- define "smartproxy.testLabels" -}}
{{- merge (dict "app.kubernetes.io/component" "test") (include "smartproxy.selectorLabels" . | fromYaml) | toYaml -}}
{{- end }}
