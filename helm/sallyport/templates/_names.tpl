{{- define "sallyport.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sallyport.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sallyport.labels" -}}
{{ include "sallyport.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "sallyport.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- /* The replicas that share the limits, at most: `onError: local` divides by it, and a share
too large would admit too much. */ -}}
{{- define "sallyport.mostReplicas" -}}
{{- if .Values.autoscaling.enabled -}}
{{ .Values.autoscaling.maxReplicas }}
{{- else -}}
{{ .Values.replicaCount }}
{{- end -}}
{{- end -}}

{{- /* The Secrets that are mounted, each as a folder of /etc/sallyport. */ -}}
{{- define "sallyport.secrets" -}}
{{- $secrets := dict
  "admin" .Values.admin.tokenSecret
  "tls" .Values.tls.secret
  "bundle-token" .Values.bundle.tokenSecret
  "bundle-tls" .Values.bundle.tls.secret
  "bundle-keys" .Values.bundle.signing.secret
  "redis" .Values.redis.secret
  "redis-password" .Values.redis.passwordSecret
  "sentinel-password" .Values.redis.sentinelPasswordSecret
  "redis-tls" .Values.redis.tls.secret
-}}
{{- range $folder, $secret := $secrets -}}
{{- if $secret }}
{{ $folder }}: {{ $secret }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The PEM files of a Secret in `folder`, as sallyport.yaml names them. */ -}}
{{- define "sallyport.tlsFiles" -}}
{{- range $file := list "ca" "certificate" "privateKey" -}}
{{- with get $.files $file }}
{{ $file }}: /etc/sallyport/{{ $.folder }}/{{ . }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sallyport.bundle" -}}
{{- $bundle := deepCopy .Values.bundle.options -}}
{{- if .Values.bundle.url -}}
{{- $_ := set $bundle "url" .Values.bundle.url -}}
{{- if .Values.bundle.tokenSecret -}}
{{- $_ := set $bundle "tokenFile" (printf "/etc/sallyport/bundle-token/%s" .Values.bundle.tokenKey) -}}
{{- end -}}
{{- $tls := include "sallyport.tlsFiles" (dict "files" .Values.bundle.tls "folder" "bundle-tls") | fromYaml -}}
{{- $bundle = merge $bundle $tls -}}
{{- if .Values.bundle.persistence.enabled -}}
{{- $_ := set $bundle "persist" "/var/lib/sallyport" -}}
{{- end -}}
{{- else -}}
{{- $_ := set $bundle "path" (ternary (printf "/etc/sallyport/bundle/%s" .Values.bundle.key) "/app/bundles/example.tar.gz" (ne .Values.bundle.configMap "")) -}}
{{- end -}}
{{- if .Values.bundle.signing.secret -}}
{{- $keys := dict -}}
{{- range $name, $key := .Values.bundle.signing.keys -}}
{{- $file := printf "${file:/etc/sallyport/bundle-keys/%s}" $key.key -}}
{{- $_ := set $keys $name (merge (dict "key" $file) $key) -}}
{{- end -}}
{{- $_ := set $bundle "signing" (merge (dict "keys" $keys) (omit .Values.bundle.signing "secret" "keys")) -}}
{{- end -}}
{{- toYaml $bundle -}}
{{- end -}}

{{- /* What the chart knows of Redis; nothing where limits are counted in memory. */ -}}
{{- define "sallyport.redis" -}}
{{- if or .Values.redis.secret .Values.config.redis -}}
{{- $replicas := include "sallyport.mostReplicas" . | int -}}
{{- $redis := dict "replicas" (dig "redis" "replicas" $replicas .Values.config) -}}
{{- if .Values.redis.secret -}}
{{- $_ := set $redis "url" (printf "${file:/etc/sallyport/redis/%s}" .Values.redis.key) -}}
{{- end -}}
{{- if .Values.redis.passwordSecret -}}
{{- $_ := set $redis "passwordFile" (printf "/etc/sallyport/redis-password/%s" .Values.redis.passwordKey) -}}
{{- end -}}
{{- if .Values.redis.sentinelPasswordSecret -}}
{{- $_ := set $redis "sentinels" (dict "passwordFile" (printf "/etc/sallyport/sentinel-password/%s" .Values.redis.sentinelPasswordKey)) -}}
{{- end -}}
{{- if .Values.redis.tls.secret -}}
{{- $_ := set $redis "tls" (include "sallyport.tlsFiles" (dict "files" .Values.redis.tls "folder" "redis-tls") | fromYaml) -}}
{{- end -}}
{{- toYaml $redis -}}
{{- end -}}
{{- end -}}

{{- /* Where SPIRE's agent is mounted. */ -}}
{{- define "sallyport.workloadApiFolder" -}}/spiffe-workload-api{{- end -}}

{{- /* server.tls; nothing where the values name no source of certificates. */ -}}
{{- define "sallyport.tls" -}}
{{- $tls := dict -}}
{{- with .Values.tls -}}
{{- if and .secret .workloadApi.csiDriver -}}
{{- fail "tls.secret and tls.workloadApi both give a certificate: keep one of them" -}}
{{- end -}}
{{- if .secret -}}
{{- $ca := ternary (printf "client-ca/%s" .clientCa.key) "tls/ca.crt" (ne .clientCa.configMap "") -}}
{{- $tls = dict
  "certificate" "/etc/sallyport/tls/tls.crt"
  "privateKey" "/etc/sallyport/tls/tls.key"
  "clientCa" (printf "/etc/sallyport/%s" $ca)
  "allowedClients" .allowedClients
-}}
{{- else if .workloadApi.csiDriver -}}
{{- $folder := include "sallyport.workloadApiFolder" $ -}}
{{- $tls = dict
  "workloadApi" (printf "unix:%s/%s" $folder .workloadApi.socket)
  "allowedClients" .allowedClients
-}}
{{- end -}}
{{- end -}}
{{- toYaml $tls -}}
{{- end -}}

{{- /* Whether an issuer's server is asked for its keys. */ -}}
{{- define "sallyport.asksForKeys" -}}
{{- range dig "identity" "jwt" list .Values.config -}}
{{- if dig "jwks" "url" "" . -}}yes{{- end -}}
{{- end -}}
{{- end -}}

{{- /* How long a stop may take, in seconds, rounded up; drainTimeout is one number and one unit. */ -}}
{{- define "sallyport.stopSeconds" -}}
{{- $drain := dig "server" "drainTimeout" "20s" .Values.config -}}
{{- $count := regexFind "^[0-9]+" $drain | int -}}
{{- $unit := regexFind "[a-z]+$" $drain -}}
{{- $seconds := $count -}}
{{- if eq $unit "ms" -}}{{- $seconds = div (add $count 999) 1000 -}}{{- end -}}
{{- if eq $unit "m" -}}{{- $seconds = mul $count 60 -}}{{- end -}}
{{- if eq $unit "h" -}}{{- $seconds = mul $count 3600 -}}{{- end -}}
{{- add .Values.preStopSeconds $seconds -}}
{{- end -}}

{{- /* A pod that is killed while it drains loses checks. */ -}}
{{- define "sallyport.gracePeriodSeconds" -}}
{{- $stop := include "sallyport.stopSeconds" . | int -}}
{{- if le (int .Values.terminationGracePeriodSeconds) $stop -}}
{{- fail (printf "terminationGracePeriodSeconds must be more than %d: preStopSeconds and config.server.drainTimeout together" $stop) -}}
{{- end -}}
{{- .Values.terminationGracePeriodSeconds -}}
{{- end -}}

{{- /* sallyport.yaml: the values' config, with what the chart decides put over it. */ -}}
{{- define "sallyport.config" -}}
{{- $chart := dict
  "server" (dict "address" "0.0.0.0:9191")
  "admin" (dict "address" "0.0.0.0:9192")
-}}
{{- if .Values.admin.tokenSecret -}}
{{- $_ := set $chart.admin "tokenFile" (printf "/etc/sallyport/admin/%s" .Values.admin.tokenKey) -}}
{{- end -}}
{{- with include "sallyport.tls" . | fromYaml -}}
{{- $_ := set $chart.server "tls" . -}}
{{- end -}}
{{- $policy := .Values.config.policy | default dict -}}
{{- if not (or $policy.bundle $policy.bundles $policy.opa) -}}
{{- $_ := set $chart "policy" (dict "bundle" (include "sallyport.bundle" . | fromYaml)) -}}
{{- end -}}
{{- if .Values.limits -}}
{{- $_ := set $chart "limits" "limits.yaml" -}}
{{- end -}}
{{- with include "sallyport.redis" . | fromYaml -}}
{{- $_ := set $chart "redis" . -}}
{{- end -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $chart) -}}
{{- end -}}

{{- /* What of it is read at start only; the rest is taken over while checks are answered. */ -}}
{{- define "sallyport.readAtStart" -}}
{{- $config := include "sallyport.config" . | fromYaml -}}
{{- $kept := pick $config "server" "admin" "redis" "audit" "headers" -}}
{{- $_ := set $kept "status" (dig "policy" "status" "" $config) -}}
{{- /* Certificates and the list of clients are taken over; where they come from is not. */ -}}
{{- if $kept.server.tls -}}
{{- $_ := set $kept.server "tls" (dict "from" (dig "workloadApi" "files" $kept.server.tls)) -}}
{{- end -}}
{{- toYaml $kept -}}
{{- end -}}
