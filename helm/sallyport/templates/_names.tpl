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

{{- /* sallyport.yaml: the values' config, with what the chart decides put over it. */ -}}
{{- define "sallyport.config" -}}
{{- $bundle := ternary (printf "/etc/sallyport/bundle/%s" .Values.bundle.key) "/app/bundles/example.tar.gz" (ne .Values.bundle.configMap "") -}}
{{- $chart := dict
  "server" (dict "address" "0.0.0.0:9191")
  "admin" (dict "address" "0.0.0.0:9192")
  "policy" (dict "bundle" $bundle)
-}}
{{- if .Values.limits -}}
{{- $_ := set $chart "limits" "limits.yaml" -}}
{{- end -}}
{{- if .Values.redis.secret -}}
{{- $_ := set $chart "redis" (dict "url" "${file:/etc/sallyport/redis/url}" "replicas" (include "sallyport.mostReplicas" . | int)) -}}
{{- end -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $chart) -}}
{{- end -}}
