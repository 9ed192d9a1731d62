{{/* What the schema cannot say: values that do not fit together. Each sentence names the value. */}}
{{- define "smartproxy.validate" -}}
{{- include "smartproxy.validateFlags" . -}}
{{- $ports := dict -}}
{{- range $name, $value := .Values.containerPorts -}}
{{- $port := include "smartproxy.port" $value -}}
{{- if ne $port "off" -}}
{{- with get $ports $port -}}
{{- fail (printf "Cannot use containerPorts.%s %s: containerPorts.%s is the same port" $name $port .) -}}
{{- end -}}
{{- $_ := set $ports $port $name -}}
{{- end -}}
{{- end -}}
{{- $noHttp := eq (include "smartproxy.port" .Values.containerPorts.http) "off" -}}
{{- $noHttps := eq (include "smartproxy.port" .Values.containerPorts.https) "off" -}}
{{- if and $noHttp $noHttps -}}
{{- fail "Cannot use containerPorts: http and https are both off, so that nothing is served" -}}
{{- end -}}
{{- if and $noHttp .Values.hostPorts.http -}}
{{- fail "Cannot use hostPorts.http: containerPorts.http is off" -}}
{{- end -}}
{{- if and $noHttps .Values.hostPorts.https -}}
{{- fail "Cannot use hostPorts.https: containerPorts.https is off" -}}
{{- end -}}
{{- if and .Values.hostNetwork (or .Values.hostPorts.http .Values.hostPorts.https) -}}
{{- fail "Cannot use hostPorts with hostNetwork: containerPorts are the ports of the node then" -}}
{{- end -}}
{{- if and .Values.nftables.enabled (not .Values.hostNetwork) -}}
{{- fail "Cannot use nftables.enabled without hostNetwork: the kernel forwards what comes to the network that the pod is in" -}}
{{- end -}}
{{- if and .Values.acme.enabled .Values.watch.secretNames -}}
{{- fail "Cannot use acme.enabled with watch.secretNames: it reads and writes Secrets of its own, by other names" -}}
{{- end -}}
{{- with .Values.watch.namespaces -}}
{{- range $.Values.acme.namespaces -}}
{{- if not (has . $.Values.watch.namespaces) -}}
{{- fail (printf "Cannot use acme.namespaces: %s is not in watch.namespaces" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.smartProxyConfig.spec (not .Values.smartProxyConfig.create) -}}
{{- fail "Cannot use smartProxyConfig.spec without smartProxyConfig.create: no SmartProxyConfig is made of it" -}}
{{- end -}}
{{- include "smartproxy.validateUser" . -}}
{{- $drain := include "smartproxy.drainSeconds" . | int64 -}}
{{- $grace := include "smartproxy.terminationGracePeriodSeconds" . | int64 -}}
{{- if lt $grace (add $drain 10) -}}
{{- fail (printf "Cannot use terminationGracePeriodSeconds %d: drain.delay and drain.timeout take %d s, and ending what is left another 10; give at least %d or leave it empty" $grace $drain (add $drain 10)) -}}
{{- end -}}
{{- if and (eq .Values.kind "DaemonSet") .Values.autoscaling.enabled -}}
{{- fail "Cannot use autoscaling.enabled with kind DaemonSet: it has one pod a node" -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if .enabled -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- fail (printf "Cannot use autoscaling.minReplicas %d: autoscaling.maxReplicas is %d" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- if not (or .targetCPUUtilizationPercentage .targetMemoryUtilizationPercentage .metrics) -}}
{{- fail "Cannot use autoscaling.enabled without a target: give targetCPUUtilizationPercentage, targetMemoryUtilizationPercentage or metrics" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- include "smartproxy.validateService" (dict "name" "service" "service" .Values.service "root" .) -}}
{{- include "smartproxy.validateService" (dict "name" "internalService" "service" .Values.internalService "root" .) -}}
{{- include "smartproxy.validateScope" . -}}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled -}}
{{- fail "Cannot use metrics.podMonitor.enabled with metrics.serviceMonitor.enabled: every pod would be scraped twice" -}}
{{- end -}}
{{- end }}

{{- define "smartproxy.validateUser" -}}
{{- /* What the container says wins over what the pod says. */}}
{{- $context := merge (dict) (deepCopy .Values.securityContext) (deepCopy .Values.podSecurityContext) -}}
{{- $isRoot := and (hasKey $context "runAsUser") (eq (int64 $context.runAsUser) 0) -}}
{{- $nonRoot := get $context "runAsNonRoot" -}}
{{- if and $isRoot $nonRoot -}}
{{- fail "Cannot use runAsUser 0 in podSecurityContext or securityContext: runAsNonRoot is true" -}}
{{- end -}}
{{- if .Values.hostNetwork -}}
{{- $added := dig "capabilities" "add" list .Values.securityContext -}}
{{- range $name, $value := .Values.containerPorts -}}
{{- $port := include "smartproxy.port" $value -}}
{{- if and (ne $port "off") (lt (int $port) 1024) (not (and $isRoot (has "NET_BIND_SERVICE" $added))) -}}
{{- fail (printf "Cannot use containerPorts.%s %s with hostNetwork: ports below 1024 need podSecurityContext.runAsUser 0 and NET_BIND_SERVICE in securityContext.capabilities.add" $name $port) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

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
{{- range concat .Values.extraContainers .Values.initContainers -}}
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
{{- if eq (int .ports.http) (int .ports.https) -}}
{{- fail (printf "Cannot use %s.ports.https %d: %s.ports.http is the same port" $name (int .ports.https) $name) -}}
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

{{- define "smartproxy.validateScope" -}}
{{- with .Values.watch.namespaces -}}
{{- with $.Values.defaultCertificate -}}
{{- if and (not (has (first (splitList "/" .)) $.Values.watch.namespaces)) (not $.Values.watch.secretNames) -}}
{{- fail (printf "Cannot use defaultCertificate %s: its namespace is not one of watch.namespaces" .) -}}
{{- end -}}
{{- end -}}
{{- with $.Values.defaultBackend -}}
{{- if not (has (first (splitList "/" .)) $.Values.watch.namespaces) -}}
{{- fail (printf "Cannot use defaultBackend %s: its namespace is not one of watch.namespaces" .) -}}
{{- end -}}
{{- end -}}
{{- if $.Values.ingressClass.default -}}
{{- fail "Cannot use ingressClass.default with watch.namespaces: a controller without a ClusterRole cannot read the class" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "smartproxy.validateFlags" -}}
{{- $owned := include "smartproxy.ownedFlags" . | fromJson -}}
{{- range $flag, $remedy := $owned -}}
{{- if hasKey $.Values.config $flag -}}
{{- fail (printf "Cannot use config.%s: %s" $flag $remedy) -}}
{{- end -}}
{{- end -}}
{{- $switches := include "smartproxy.switches" . | fromJsonArray -}}
{{- range $argument := .Values.extraArgs -}}
{{- if hasPrefix "--" $argument -}}
{{- $flag := $argument | trimPrefix "--" | splitList "=" | first -}}
{{- $positive := has (trimPrefix "no-" $flag) $switches | ternary (trimPrefix "no-" $flag) $flag -}}
{{- if hasKey $owned $positive -}}
{{- fail (printf "Cannot use extraArgs %s: %s" $argument (get $owned $positive)) -}}
{{- end -}}
{{- if not (has $positive (include "smartproxy.flags" $ | fromJsonArray)) -}}
{{- fail (printf "Cannot use extraArgs %s: the program has no such flag in a cluster" $argument) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $status := toString (get .Values.config "status-address") -}}
{{- if or (hasPrefix "127." $status) (eq "::1" $status) -}}
{{- fail (printf "Cannot use config.status-address %s: the node asks for the pod's health there" $status) -}}
{{- end -}}
{{- end }}
