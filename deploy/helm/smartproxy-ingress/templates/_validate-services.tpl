{{/* Names and numbers of the ports that the containers of the pod have, as a list in JSON. What is off has its name alone. */}}
{{- define "smartproxy.containerPorts" -}}
{{- $ports := list -}}
{{- range $name := list "http" "https" "status" -}}
{{- $port := include "smartproxy.port" (index $.Values.containerPorts $name) -}}
{{- $ports = append $ports $name -}}
{{- if ne $port "off" -}}{{- $ports = append $ports $port -}}{{- end -}}
{{- end -}}
{{- range include "smartproxy.extraListeners" . | fromJsonArray -}}
{{- $ports = append $ports (toString (int .port)) -}}
{{- end -}}
{{- range concat (.Values.extraContainers | default list) (.Values.initContainers | default list) -}}
{{- range .ports -}}
{{- $ports = append $ports (toString (int .containerPort)) -}}
{{- with .name -}}{{- $ports = append $ports . -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end }}

{{- define "smartproxy.validateService" -}}
{{- $name := .name -}}
{{- with .service -}}
{{- if .enabled -}}
{{- if not (include "smartproxy.servicePorts" (dict "service" . "root" $.root)) -}}
{{- fail (printf "Cannot use %s.enabled: the container ports that %s.targetPorts name are off" $name $name) -}}
{{- end -}}
{{- $known := include "smartproxy.containerPorts" $.root | fromJsonArray -}}
{{- range $protocol, $target := .targetPorts -}}
{{- $text := ternary $target (toString (int64 (ternary 0 $target (kindIs "string" $target)))) (kindIs "string" $target) -}}
{{- if not (has $text $known) -}}
{{- fail (printf "Cannot use %s.targetPorts.%s %s: no container has this port; it may be %s" $name $protocol $text (join ", " $known)) -}}
{{- end -}}
{{- end -}}
{{- range .extraPorts -}}
{{- if not .name -}}{{- fail (printf "Cannot use %s.extraPorts without a name for each" $name) -}}{{- end -}}
{{- if and (kindIs "string" .targetPort) (not (has .targetPort $known)) -}}
{{- fail (printf "Cannot use %s.extraPorts %s with targetPort %s: no container has this port; it may be a number, or %s" $name .name .targetPort (join ", " $known)) -}}
{{- end -}}
{{- end -}}
{{- if eq (int .ports.http) (int .ports.https) -}}
{{- fail (printf "Cannot use %s.ports.https %d: %s.ports.http is the same port" $name (int .ports.https) $name) -}}
{{- end -}}
{{- include "smartproxy.validateServicePorts" (dict "name" $name "service" . "root" $.root) -}}
{{- if and (eq .clusterIP "None") (ne .type "ClusterIP") -}}
{{- fail (printf "Cannot use %s.clusterIP None with %s.type %s: it is for ClusterIP" $name $name .type) -}}
{{- end -}}
{{- if eq .type "ClusterIP" -}}
{{- range $protocol, $port := .nodePorts -}}
{{- if $port -}}{{- fail (printf "Cannot use %s.nodePorts.%s with %s.type ClusterIP: it has no ports of the nodes" $name $protocol $name) -}}{{- end -}}
{{- end -}}
{{- if and (eq .externalTrafficPolicy "Local") (not .externalIPs) -}}
{{- fail (printf "Cannot use %s.externalTrafficPolicy Local with %s.type ClusterIP: nothing comes from outside" $name $name) -}}
{{- end -}}
{{- end -}}
{{- if ne .type "LoadBalancer" -}}
{{- range $key := list "loadBalancerIP" "loadBalancerClass" "loadBalancerSourceRanges" "healthCheckNodePort" -}}
{{- if get $.service $key -}}{{- fail (printf "Cannot use %s.%s with %s.type %s: it is for LoadBalancer" $name $key $name $.service.type) -}}{{- end -}}
{{- end -}}
{{- if not (kindIs "invalid" .allocateLoadBalancerNodePorts) -}}
{{- fail (printf "Cannot use %s.allocateLoadBalancerNodePorts with %s.type %s: it is for LoadBalancer" $name $name .type) -}}
{{- end -}}
{{- end -}}
{{- if and .healthCheckNodePort (eq .externalTrafficPolicy "Cluster") -}}
{{- fail (printf "Cannot use %s.healthCheckNodePort with %s.externalTrafficPolicy Cluster: it is for Local" $name $name) -}}
{{- end -}}
{{- if and .sessionAffinityTimeoutSeconds (ne .sessionAffinity "ClientIP") -}}
{{- fail (printf "Cannot use %s.sessionAffinityTimeoutSeconds with %s.sessionAffinity %s: it is for ClientIP" $name $name .sessionAffinity) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* No two ports of a Service have one name, one number or one port of the nodes. */}}
{{- define "smartproxy.validateServicePorts" -}}
{{- $name := .name -}}
{{- $taken := dict -}}
{{- range $port := include "smartproxy.servicePorts" . | fromYamlArray -}}
{{- $protocol := default "TCP" $port.protocol -}}
{{- if hasKey $taken $port.name -}}
{{- fail (printf "Cannot use %s for two ports that are called %s" $name $port.name) -}}
{{- end -}}
{{- $_ := set $taken $port.name $port.name -}}
{{- $numbers := list (printf "port %d of %s" (int $port.port) $protocol) -}}
{{- with $port.nodePort -}}{{- $numbers = append $numbers (printf "port %d of the nodes for %s" (int .) $protocol) -}}{{- end -}}
{{- range $number := $numbers -}}
{{- with get $taken $number -}}
{{- fail (printf "Cannot use %s for %s and %s: both are %s" $name . $port.name $number) -}}
{{- end -}}
{{- $_ := set $taken $number $port.name -}}
{{- end -}}
{{- end -}}
{{- end }}
