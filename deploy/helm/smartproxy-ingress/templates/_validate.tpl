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
{{- if not (include "smartproxy.electsLeader" .) -}}
{{- range $name, $isOn := dict "acme.enabled" .Values.acme.enabled "ticketKeys.shared" .Values.ticketKeys.shared -}}
{{- if $isOn -}}{{- fail (printf "Cannot use %s with config.leader-election false: it is for the leader alone to do" $name) -}}{{- end -}}
{{- end -}}
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
{{- include "smartproxy.validateListeners" . -}}
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
{{- with .Values.podDisruptionBudget -}}
{{- if and .enabled (kindIs "invalid" .minAvailable) (kindIs "invalid" .maxUnavailable) -}}
{{- fail "Cannot use podDisruptionBudget.enabled without minAvailable and maxUnavailable: give one of them" -}}
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
{{- $context := merge (dict) (.Values.securityContext | default dict | deepCopy) (.Values.podSecurityContext | default dict | deepCopy) -}}
{{- $isRoot := and (hasKey $context "runAsUser") (eq (int64 $context.runAsUser) 0) -}}
{{- $nonRoot := get $context "runAsNonRoot" -}}
{{- if and $isRoot $nonRoot -}}
{{- fail "Cannot use runAsUser 0 in podSecurityContext or securityContext: runAsNonRoot is true" -}}
{{- end -}}
{{- if .Values.hostNetwork -}}
{{- $mayBind := and $isRoot (has "NET_BIND_SERVICE" (dig "capabilities" "add" list (.Values.securityContext | default dict))) -}}
{{- $need := "ports below 1024 need podSecurityContext.runAsUser 0 and NET_BIND_SERVICE in securityContext.capabilities.add" -}}
{{- range $name, $value := .Values.containerPorts -}}
{{- $port := include "smartproxy.port" $value -}}
{{- if and (ne $port "off") (lt (int $port) 1024) (not $mayBind) -}}
{{- fail (printf "Cannot use containerPorts.%s %s with hostNetwork: %s" $name $port $need) -}}
{{- end -}}
{{- end -}}
{{- /* The kernel forwards to listeners without a process that binds them. */}}
{{- range include "smartproxy.extraListeners" . | fromJsonArray -}}
{{- if and (lt (int .port) 1024) (not $mayBind) (not $.Values.nftables.enabled) -}}
{{- fail (printf "Cannot use smartProxyConfig.spec.listeners %s with port %d and hostNetwork: %s" .name (int .port) $need) -}}
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
