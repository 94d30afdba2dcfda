{{- /* organization.json -> every object of every namespace, the same ones that templates/ make of org.yaml. */ -}}
{{- define "labels" }}
    app.kubernetes.io/managed-by: verta-gitops
    verta-gitops.io/organization: {{ .Values.organization.name }}
{{- end }}
{{- define "protection" }}
    argocd.argoproj.io/compare-options: IgnoreExtraneous
    argocd.argoproj.io/sync-options: Prune=false,Delete=false
    kustomize.toolkit.fluxcd.io/prune: disabled
{{- end }}
{{- define "policy" }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  annotations: {{- if .protected }}{{ include "protection" .root }}{{ end }}
    verta-gitops.io/origin: namespaces.{{ .namespace }}
  labels: {{- include "labels" .root }}
  name: {{ .name }}
  namespace: {{ .namespace }}
spec:
  podSelector: {}
  policyTypes: [{{ .type }}]
{{- end }}
{{- define "binding" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  annotations: {{- if .protected }}{{ include "protection" .root }}{{ end }}
    verta-gitops.io/origin: {{ .origin }}
  labels: {{- include "labels" .root }}
  name: {{ .name | quote }}
  namespace: {{ .namespace }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ .role | quote }}
{{- end }}
{{- $root := . }}
{{- $primary := .Values.verta.primaryNamespace }}
{{- $deployer := .Values.verta.deployer }}
{{- range $workspaceName, $workspace := .Values.workspaces }}
{{- $name := $workspace.namespace }}
{{- $ns := index $root.Values.namespaces $name }}
{{- $tier := index $root.Values.tiers $ns.tier }}
{{- $state := $ns.state | default "active" }}
{{- $security := $tier.podSecurity | default "baseline" }}
{{- $network := merge (dict) ($ns.network | default dict) $tier.network }}
{{- $quota := merge (dict) ($ns.quota | default dict) $tier.quota }}
{{- if ne $state "active" }}{{ $_ := set $quota "pods" "0" }}{{ end }}
{{- $container := $ns.container | default dict }}
{{- $max := merge (dict) ($container.max | default dict) $tier.container.max }}
{{- $min := merge (dict) ($container.min | default dict) $tier.container.min }}
{{- $default := merge (dict) ($container.default | default dict) $tier.container.default $max }}
{{- $request := merge (dict) ($container.defaultRequest | default dict) $tier.container.defaultRequest $default $min }}
{{- $guarded := dict "root" $root "namespace" $name "protected" true "origin" (printf "namespaces.%s" $name) }}
{{- $granted := dict "root" $root "namespace" $name "origin" (printf "workspaces.%s.access" $workspaceName) }}
{{- $permissions := list }}
{{- range $access := $workspace.access }}
{{- $verta := dict "group" (index $root.Values.groups $access.group).verta "role" (index $root.Values.roles $access.role).verta }}
{{- $permissions = append $permissions $verta }}
{{- end }}
{{- $mapping := printf "%s--%s" $root.Values.cluster.name $name }}
{{- $described := dict "name" $workspaceName "description" $workspace.description "namespace" $mapping }}
{{- $payload := toPrettyJson (dict "workspace" $described "permissions" $permissions) }}
---
apiVersion: v1
kind: Namespace
metadata:
  annotations: {{- include "protection" $root }}
    {{- toYaml $ns.annotations | nindent 4 }}
    verta-gitops.io/origin: namespaces.{{ $name }}
    verta-gitops.io/owners: {{ $ns.owners | uniq | sortAlpha | join "," }}
    verta-gitops.io/workspace: {{ $workspaceName }}
    verta-gitops.io/workspace-digest: sha256:{{ printf "%s\n" $payload | sha256sum }}
  labels: {{- include "labels" $root }}
    {{- toYaml $ns.labels | nindent 4 }}
    {{- range list "audit" "enforce" "warn" }}
    pod-security.kubernetes.io/{{ . }}: {{ $security }}
    pod-security.kubernetes.io/{{ . }}-version: v{{ $root.Values.cluster.kubernetesVersion }}
    {{- end }}
    verta-gitops.io/state: {{ $state }}
    verta-gitops.io/tier: {{ $ns.tier }}
  name: {{ $name }}
---
apiVersion: v1
kind: ResourceQuota
metadata:
  annotations: {{- include "protection" $root }}
    verta-gitops.io/origin: namespaces.{{ $name }}
  labels: {{- include "labels" $root }}
  name: quota
  namespace: {{ $name }}
spec:
  hard: {{- toYaml $quota | nindent 4 }}
---
apiVersion: v1
kind: LimitRange
metadata:
  annotations: {{- include "protection" $root }}
    verta-gitops.io/origin: namespaces.{{ $name }}
  labels: {{- include "labels" $root }}
  name: limits
  namespace: {{ $name }}
spec:
  limits:
    - type: Container
      default: {{- toYaml $default | nindent 8 }}
      defaultRequest: {{- toYaml $request | nindent 8 }}
      max: {{- toYaml $max | nindent 8 }}
      min: {{- toYaml $min | nindent 8 }}
{{- include "policy" (merge (dict "name" "default-deny-ingress" "type" "Ingress") $guarded) }}
{{- include "policy" (merge (dict "name" "allow-same-namespace" "type" "Ingress") $guarded) }}
  ingress: [{from: [{podSelector: {}}]}]
{{- include "policy" (merge (dict "name" "allow-from-verta" "type" "Ingress") $guarded) }}
  ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ $primary }}}}}]}]
{{- range $network.allowFrom }}
{{- include "policy" (merge (dict "name" (printf "allow-from-namespace-%s" .) "type" "Ingress") $granted) }}
  ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ . }}}}}]}]
{{- end }}
{{- if eq $network.egress "restricted" }}
{{- include "policy" (merge (dict "name" "default-deny-egress" "type" "Egress") $guarded) }}
{{- include "policy" (merge (dict "name" "allow-egress-same-namespace" "type" "Egress") $guarded) }}
  egress: [{to: [{podSelector: {}}]}]
{{- include "policy" (merge (dict "name" "allow-egress-to-verta" "type" "Egress") $guarded) }}
  egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ $primary }}}}}]}]
{{- include "policy" (merge (dict "name" "allow-egress-to-dns" "type" "Egress") $guarded) }}
  egress:
    - ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
      to:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
        - ipBlock: {cidr: 169.254.20.10/32}
{{- include "policy" (merge (dict "name" "allow-egress-to-api-server" "type" "Egress") $guarded) }}
  egress:
    - ports: [{port: 443, protocol: TCP}, {port: 6443, protocol: TCP}]
      to:
        {{- range $root.Values.cluster.apiServer }}
        - ipBlock: {cidr: {{ . }}}
        {{- end }}
{{- if $network.allowTo }}
{{- include "policy" (merge (dict "name" "allow-egress-to-networks" "type" "Egress") $granted) }}
  egress:
    - to:
        {{- range $network.allowTo }}
        - ipBlock: {cidr: {{ . }}}
        {{- end }}
{{- end }}
{{- end }}
{{- include "binding" (merge (dict "name" (printf "deployer:%s" $deployer.clusterRole) "role" $deployer.clusterRole) $guarded) }}
subjects:
  - kind: ServiceAccount
    name: {{ $deployer.serviceAccount }}
    namespace: {{ $deployer.namespace }}
{{- range $access := $workspace.access }}
{{- $group := index $root.Values.groups $access.group }}
{{- $role := index $root.Values.roles $access.role }}
{{- $clusterRole := $role.clusterRole | default (ternary (printf "verta-gitops:%s" $access.role) "" (hasKey $role "rules")) }}
{{- if $clusterRole }}
{{- include "binding" (merge (dict "name" (printf "access:%s:%s" $access.group $clusterRole) "role" $clusterRole) $granted) }}
subjects:
  - apiGroup: rbac.authorization.k8s.io
    kind: Group
    name: {{ $group.subject | quote }}
{{- end }}
{{- end }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  annotations: {{- include "protection" $root }}
    verta-gitops.io/origin: workspaces.{{ $workspaceName }}
    verta-gitops.io/workspace: {{ $workspaceName }}
  labels: {{- include "labels" $root }}
    verta-gitops.io/kind: workspace
  name: verta-workspace
  namespace: {{ $name }}
data:
  workspace.json: |
    {{- $payload | nindent 4 }}
{{- end }}
