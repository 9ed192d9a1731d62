{{/* Names of objects end in suffixes of ours: what they begin with leaves room for them. */}}
{{- define "smartproxy.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What never changes during a release: selectors cannot. The component keeps the pod of `helm test` out of the Services. */}}
{{- define "smartproxy.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/component: controller
{{- end }}

{{/* Labels of every object but the pods of the workload. */}}
{{- define "smartproxy.labels" -}}
{{- $ours := dict "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- $_ := set $ours "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $ours "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- merge $ours (include "smartproxy.selectorLabels" . | fromYaml) (.Values.commonLabels | default dict) | toYaml -}}
{{- end }}

{{- define "smartproxy.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The container's. What changes the kernel's rules is root with one capability more. */}}
{{- define "smartproxy.securityContext" -}}
{{- $context := .Values.securityContext | default dict | deepCopy -}}
{{- if .Values.nftables.enabled -}}
{{- $capabilities := get $context "capabilities" | default dict -}}
{{- $_ := set $capabilities "add" (append (get $capabilities "add" | default list) "NET_ADMIN" | uniq) -}}
{{- $_ := set $context "capabilities" $capabilities -}}
{{- $context = merge (dict "runAsUser" 0 "runAsGroup" 0 "runAsNonRoot" false) $context -}}
{{- end -}}
{{- toYaml $context -}}
{{- end }}

{{- define "smartproxy.serviceAccountName" -}}
{{- default (ternary (include "smartproxy.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end }}

{{/* A port of the program as its flag has it: a number, or off (which YAML 1.1 reads as false). */}}
{{- define "smartproxy.port" -}}
{{- if or (kindIs "bool" .) (eq (toString .) "off") -}}off{{- else -}}{{ int . }}{{- end -}}
{{- end }}

{{/* The SmartProxyConfig of the release. With Roles alone it is the one that is called as the class. */}}
{{- define "smartproxy.configName" -}}
{{- if .Values.watch.namespaces -}}
{{- .Values.ingressClass.name -}}
{{- else -}}
{{- default (include "smartproxy.fullname" .) .Values.smartProxyConfig.name -}}
{{- end -}}
{{- end }}

{{/* The listeners of the SmartProxyConfig that the chart makes, without those that take the place of an option's, as a list in JSON. */}}
{{- define "smartproxy.extraListeners" -}}
{{- $listeners := list -}}
{{- if .Values.smartProxyConfig.create -}}
{{- range .Values.smartProxyConfig.spec.listeners -}}
{{- if not (has .name (list "http" "https")) -}}
{{- $listeners = append $listeners . -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $listeners -}}
{{- end }}

{{/* Whether two pods cannot share a node. */}}
{{- define "smartproxy.takesNodePorts" -}}
{{- if or .Values.hostNetwork .Values.hostPorts.http .Values.hostPorts.https -}}true{{- end -}}
{{- end }}

{{/* The Service whose addresses are published as namespace/name, or nothing. */}}
{{- define "smartproxy.publishService" -}}
{{- if .Values.publishService.enabled -}}
{{- if .Values.publishService.name -}}
{{- .Values.publishService.name -}}
{{- else if .Values.service.enabled -}}
{{- printf "%s/%s" .Release.Namespace (include "smartproxy.fullname" .) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* That Service where the program reads it: for statuses, and with ACME to find the other replicas. */}}
{{- define "smartproxy.frontService" -}}
{{- if or (include "smartproxy.writesStatus" .) .Values.acme.enabled -}}{{- include "smartproxy.publishService" . -}}{{- end -}}
{{- end }}

{{/* The Secrets that may be read, as a list in JSON: the default certificate is one of them. Empty: not narrowed. */}}
{{- define "smartproxy.secretNames" -}}
{{- $names := .Values.watch.secretNames | default list -}}
{{- if and $names .Values.defaultCertificate -}}
{{- $names = append $names .Values.defaultCertificate -}}
{{- end -}}
{{- $names | uniq | toJson -}}
{{- end }}

{{/* The port that clients dial for `protocol` (http or https). */}}
{{- define "smartproxy.publishedPort" -}}
{{- $values := .root.Values -}}
{{- $own := include "smartproxy.port" (index $values.containerPorts .protocol) -}}
{{- if $values.service.enabled -}}
{{- int (index $values.service.ports .protocol) -}}
{{- else -}}
{{- with index $values.hostPorts .protocol -}}{{ int . }}{{- else -}}{{ ternary "same" $own (eq $own "off") }}{{- end -}}
{{- end -}}
{{- end }}

{{/* A duration of the program in whole seconds, rounded up. */}}
{{- define "smartproxy.seconds" -}}
{{- $text := toString . -}}
{{- $number := regexFind "^[0-9]+" $text | int64 -}}
{{- $unit := regexFind "[a-z]+$" $text -}}
{{- if eq $unit "ms" -}}
{{- div (add $number 999) 1000 -}}
{{- else -}}
{{- mul $number (get (dict "s" 1 "m" 60 "h" 3600 "d" 86400) $unit | default 0 | int64) -}}
{{- end -}}
{{- end }}

{{/* Seconds of the drain: delay and time-out. */}}
{{- define "smartproxy.drainSeconds" -}}
{{- add (include "smartproxy.seconds" .Values.drain.delay | int64) (include "smartproxy.seconds" .Values.drain.timeout | int64) -}}
{{- end }}

{{- define "smartproxy.terminationGracePeriodSeconds" -}}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds -}}
{{- add (include "smartproxy.drainSeconds" . | int64) 15 -}}
{{- else -}}
{{- int64 .Values.terminationGracePeriodSeconds -}}
{{- end -}}
{{- end }}

{{/* The value of a flag as text. YAML 1.1 reads `off` as false, and Helm whole numbers as floating point ones. */}}
{{- define "smartproxy.flagValue" -}}
{{- $value := .value -}}
{{- if kindIs "slice" $value -}}
{{- join "," $value -}}
{{- else if and (kindIs "bool" $value) (not .isSwitch) -}}
{{- ternary "on" "off" $value -}}
{{- else if kindIs "float64" $value -}}
{{- int64 $value -}}
{{- else -}}
{{- $value -}}
{{- end -}}
{{- end }}

{{/* The arguments of the program, as a list in YAML. */}}
{{- define "smartproxy.args" -}}
{{- $config := .Values.config -}}
{{- $args := list "run" -}}
{{- with .Values.watch.namespaces -}}
{{- $args = append $args (printf "--watch-namespace=%s" (join "," .)) -}}
{{- end -}}
{{- with include "smartproxy.secretNames" . | fromJsonArray -}}
{{- $args = append $args (printf "--secret-names=%s" (join "," .)) -}}
{{- end -}}
{{- $args = append $args (printf "--ingress-class=%s" .Values.ingressClass.name) -}}
{{- $args = append $args (printf "--controller-class=%s" .Values.ingressClass.controllerValue) -}}
{{- if .Values.nftables.enabled -}}
{{- $args = append $args "--nftables" -}}
{{- end -}}
{{- if .Values.acme.enabled -}}
{{- $args = append $args "--acme" -}}
{{- end -}}
{{- if .Values.ticketKeys.shared -}}
{{- $args = append $args (printf "--ticket-key-secret=%s-ticket-keys" (include "smartproxy.fullname" .)) -}}
{{- end -}}
{{- if .Values.watchIngressWithoutClass -}}
{{- $args = append $args "--watch-ingress-without-class" -}}
{{- end -}}
{{- with .Values.defaultBackend -}}
{{- $args = append $args (printf "--default-backend=%s" .) -}}
{{- end -}}
{{- with .Values.defaultCertificate -}}
{{- $args = append $args (printf "--default-certificate=%s" .) -}}
{{- end -}}
{{- range $protocol := list "http" "https" -}}
{{- $args = append $args (printf "--%s-port=%s" $protocol (include "smartproxy.port" (index $.Values.containerPorts $protocol))) -}}
{{- end -}}
{{- range $protocol := list "http" "https" -}}
{{- if not (hasKey $config (printf "published-%s-port" $protocol)) -}}
{{- $args = append $args (printf "--published-%s-port=%s" $protocol (include "smartproxy.publishedPort" (dict "root" $ "protocol" $protocol))) -}}
{{- end -}}
{{- end -}}
{{- $args = append $args (printf "--status-port=%d" (int .Values.containerPorts.status)) -}}
{{- $args = append $args (printf "--admin-port=%d" (int .Values.containerPorts.admin)) -}}
{{- if .Values.admin.tokenSecret -}}
{{- $args = append $args "--admin-token-file=/etc/smartproxy-ingress/admin/token" -}}
{{- end -}}
{{- $args = append $args (printf "--workers=%v" .Values.workers) -}}
{{- $args = append $args (printf "--drain-delay=%s" (include "smartproxy.flagValue" (dict "value" .Values.drain.delay "isSwitch" false))) -}}
{{- $args = append $args (printf "--drain-timeout=%s" (include "smartproxy.flagValue" (dict "value" .Values.drain.timeout "isSwitch" false))) -}}
{{- with include "smartproxy.frontService" . -}}
{{- $args = append $args (printf "--publish-service=%s" .) -}}
{{- end -}}
{{- if include "smartproxy.writesStatus" . -}}
{{- with .Values.publishAddresses -}}
{{- $args = append $args (printf "--publish-address=%s" (join "," .)) -}}
{{- end -}}
{{- end -}}
{{- if include "smartproxy.electsLeader" . -}}
{{- $args = append $args (printf "--lease-name=%s-leader" (include "smartproxy.fullname" .)) -}}
{{- end -}}
{{- $switches := include "smartproxy.switches" . | fromJsonArray -}}
{{- range $flag, $value := $config -}}
{{- $args = append $args (printf "--%s=%s" $flag (include "smartproxy.flagValue" (dict "value" $value "isSwitch" (has $flag $switches)))) -}}
{{- end -}}
{{- concat $args (.Values.extraArgs | default list) | toYaml -}}
{{- end }}

{{- define "smartproxy.writesStatus" -}}
{{- if ne (toString (get .Values.config "status")) "false" -}}true{{- end -}}
{{- end }}

{{- define "smartproxy.electsLeader" -}}
{{- if ne (toString (get .Values.config "leader-election")) "false" -}}true{{- end -}}
{{- end }}
