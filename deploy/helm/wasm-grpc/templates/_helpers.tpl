{{- define "wasm-grpc.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "wasm-grpc.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "wasm-grpc.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "wasm-grpc.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "wasm-grpc.selector" -}}
app.kubernetes.io/name: {{ include "wasm-grpc.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "wasm-grpc.labels" -}}
{{ include "wasm-grpc.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "wasm-grpc.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- define "wasm-grpc.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "wasm-grpc.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Where a module's file is in the container. */}}
{{- define "wasm-grpc.modulePath" -}}
{{- if .ref -}}
{{ .ref }}
{{- else if .image -}}
/modules/{{ .name }}/{{ trimPrefix "/" .file }}
{{- else if .copyFrom -}}
/modules/copied/{{ .name }}.wasm
{{- else -}}
{{ .file }}
{{- end -}}
{{- end -}}

{{/* Something, where a module comes from a registry. */}}
{{- define "wasm-grpc.fromRegistry" -}}
{{- range .Values.modules }}{{ if .ref }}yes{{ end }}{{ end -}}
{{- end -}}

{{- define "wasm-grpc.redisName" -}}
{{ include "wasm-grpc.fullname" . }}-redis
{{- end -}}

{{/* Pods of Redis, which are none of the server's. */}}
{{- define "wasm-grpc.redisSelector" -}}
app.kubernetes.io/name: {{ include "wasm-grpc.name" . }}-redis
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Where Redis is, as a list in JSON, which is TOML too; nothing where there is none. */}}
{{- define "wasm-grpc.redisAddresses" -}}
{{- if .Values.redis.own.enabled -}}
{{- if .Values.redis.addresses }}{{ fail "redis.own.enabled and redis.addresses: have one of them" }}{{ end -}}
{{- if not .Values.redis.passwordSecret.name }}{{ fail "redis.own.enabled: name its password, redis.passwordSecret.name" }}{{ end -}}
{{ list (printf "%s:6379" (include "wasm-grpc.redisName" .)) | toJson }}
{{- else if .Values.redis.addresses -}}
{{ .Values.redis.addresses | toJson }}
{{- end -}}
{{- end -}}

{{/* The config file. Of what it says only modules, and what docs/settings.md marks so, are taken without a restart. */}}
{{- define "wasm-grpc.config" -}}
listen = "0.0.0.0:{{ .Values.port }}"
workers = {{ int .Values.workers }}
drain-timeout = "{{ int .Values.drainTimeoutSeconds }} s"
max-connection-age = {{ .Values.maxConnectionAge | quote }}
max-connection-age-grace = {{ .Values.maxConnectionAgeGrace | quote }}
max-connection-idle = {{ .Values.maxConnectionIdle | quote }}
{{- if .Values.codeCache.enabled }}
code-cache = "/var/cache/wasm-grpc/code"
{{- end }}
{{- with .Values.config }}
{{ . | trim }}
{{- end }}

[admin]
listen = "0.0.0.0:{{ .Values.admin.port }}"
{{- if .Values.admin.tokenSecret.name }}
token-file = "/etc/wasm-grpc/admin/{{ .Values.admin.tokenSecret.key }}"
{{- else }}
without-token = true
{{- end }}

[log]
format = "json"
{{- if .Values.tls.secretName }}

[tls]
cert = "/etc/wasm-grpc/tls/tls.crt"
key = "/etc/wasm-grpc/tls/tls.key"
{{- if .Values.tls.clientCaSecretName }}
client-ca = "/etc/wasm-grpc/client-ca/ca.crt"
{{- end }}
{{- end }}
{{- if include "wasm-grpc.fromRegistry" . }}

[registry]
cache = "/var/cache/wasm-grpc/registry"
{{- with .Values.registry.poll }}
poll = {{ . | quote }}
{{- end }}
{{- if .Values.registry.credentialsSecret }}
credentials = "/etc/wasm-grpc/registry/.dockerconfigjson"
{{- end }}
{{- if .Values.registry.keySecret.name }}
key = "/etc/wasm-grpc/registry-key/{{ .Values.registry.keySecret.key }}"
{{- end }}
{{- end }}
{{- with include "wasm-grpc.redisAddresses" . }}

[store]
backend = "redis"
address = {{ . }}
prefix = {{ default $.Release.Name $.Values.redis.prefix | quote }}
{{- with $.Values.redis.sentinel }}
sentinel = {{ . | quote }}
{{- end }}
{{- with $.Values.redis.user }}
login.user = {{ . | quote }}
{{- end }}
{{- with $.Values.redis.passwordSecret }}
{{- if .name }}
login.password = { file = "/etc/wasm-grpc/redis/{{ .key }}" }
{{- end }}
{{- end }}
{{- if $.Values.redis.tls }}
tls = true
{{- end }}
{{- end }}
{{- with .Values.configTables }}

{{ . | trim }}
{{- end }}
{{- range .Values.modules }}

[[module]]
path = {{ include "wasm-grpc.modulePath" . | quote }}
name = {{ .name | quote }}
{{- if .compatible }}
require-compatible = true
{{- end }}
{{- with .settings }}
{{ . | trim }}
{{- end }}
{{- end }}
{{- end -}}
