{{/* What is read of the cluster, or of one watched namespace. */}}
{{- define "smartproxy.watchRules" -}}
{{- $isCluster := not .Values.watch.namespaces -}}
# list and watch: what is served is kept in memory.
- apiGroups: [networking.k8s.io]
  resources: [ingresses{{ if $isCluster }}, ingressclasses{{ end }}]
  verbs: [list, watch]
- apiGroups: ['']
  resources: [services{{ if $isCluster }}, namespaces{{ end }}]
  verbs: [list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
# Where their CustomResourceDefinitions are installed.
- apiGroups: [smartproxy.dev]
  resources: [smartroutes]
  verbs: [list, watch]
- apiGroups: [gateway.networking.k8s.io]
  resources: [referencegrants]
  verbs: [list, watch]
# Those labelled smartproxy.dev/error-pages alone, which RBAC cannot express. Without this rule there are no error pages from ConfigMaps.
- apiGroups: ['']
  resources: [configmaps]
  verbs: [list, watch]
{{- if not .Values.watch.secretNames }}
# list and watch are used for metadata alone, get for the Secrets that are referred to. RBAC cannot express that: these verbs allow
# every Secret here to be read. watch.secretNames (--secret-names) narrows it.
- apiGroups: ['']
  resources: [secrets]
  verbs: [get, list, watch]
{{- end }}
{{- if include "smartproxy.writesStatus" . }}
# The addresses in the status of Ingresses.
- apiGroups: [networking.k8s.io]
  resources: [ingresses/status]
  verbs: [patch]
# The conditions of SmartRoutes.
- apiGroups: [smartproxy.dev]
  resources: [smartroutes/status]
  verbs: [patch]
{{- end }}
# Warnings about Ingresses, SmartRoutes and the like that are not served as written, and about the pod itself; get finds one's own from before a change of leader.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, get, patch]
{{- end }}

{{/* Where certificates that were ordered may be put. */}}
{{- define "smartproxy.certificateRules" -}}
- apiGroups: ['']
  resources: [secrets]
  verbs: [get, create, update]
{{- end }}

{{/* Binds the Role or ClusterRole `name` to the service account. */}}
{{- define "smartproxy.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "smartproxy.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "smartproxy.serviceAccountName" .root }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}
