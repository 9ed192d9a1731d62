{{/* The listeners of the SmartProxyConfig that the chart makes beside the ports that other values set. */}}
{{- define "smartproxy.validateListeners" -}}
{{- if .Values.smartProxyConfig.create -}}
{{- $tcp := dict -}}
{{- $udp := dict -}}
{{- range $name, $value := .Values.containerPorts -}}
{{- $_ := set $tcp (include "smartproxy.port" $value) (printf "containerPorts.%s" $name) -}}
{{- end -}}
{{- range .Values.smartProxyConfig.spec.listeners -}}
{{- $port := toString (int .port) -}}
{{- $what := printf "smartProxyConfig.spec.listeners %s" .name -}}
{{- if has .name (list "http" "https") -}}
{{- include "smartproxy.validateInPlace" (dict "listener" . "what" $what "root" $) -}}
{{- else -}}
{{- $ports := ternary $udp $tcp (eq .protocol "UDP") -}}
{{- with get $ports $port -}}
{{- fail (printf "Cannot use %s with port %s: %s is the same port" $what $port .) -}}
{{- end -}}
{{- $_ := set $ports $port (printf "the listener %s" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* A listener that takes the place of an option's: Services, probes and policies know the option's port alone. */}}
{{- define "smartproxy.validateInPlace" -}}
{{- $values := .root.Values -}}
{{- $what := .what -}}
{{- with .listener -}}
{{- $own := include "smartproxy.port" (index $values.containerPorts .name) -}}
{{- if ne $own (toString (int .port)) -}}
{{- fail (printf "Cannot use %s with port %d: it takes the place of containerPorts.%s, which is %s" $what (int .port) .name $own) -}}
{{- end -}}
{{- $dialled := int (index $values.service.ports .name) -}}
{{- if and $values.service.enabled (not .publishedPort) (ne $dialled (int .port)) -}}
{{- fail (printf "Cannot use %s without publishedPort: clients dial service.ports.%s %d, and would be told %d" $what .name $dialled (int .port)) -}}
{{- end -}}
{{- end -}}
{{- end }}
