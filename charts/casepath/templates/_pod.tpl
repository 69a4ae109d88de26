{{/* Environment of a workload's container. */}}
{{- define "casepath.env" -}}
{{- $files := "/run/casepath" -}}
- name: CASEPATH_NAMESPACE
  valueFrom: {secretKeyRef: {name: {{ .v.identifiers.secret }}, key: {{ .v.identifiers.key }}}}
{{- $plain := dict
  "CASEPATH_KAFKA" (required "kafka.bootstrap: the brokers, host:port,host:port" .v.kafka.bootstrap)
  "CASEPATH_KAFKA_USER" (include "casepath.principal" .)
  "CASEPATH_KAFKA_PASSWORD_FILE" (printf "%s/kafka/password" $files)
  "CASEPATH_KAFKA_CA" (printf "%s/kafka-ca/ca.crt" $files)
  "CASEPATH_TLS_CA" (printf "%s/tls/ca.crt" $files)
  "CASEPATH_TLS_IDENTITY" (printf "%s/tls/tls-combined.pem" $files)
  "CASEPATH_HTTP_IDENTITY" (printf "%s/tls/tls-combined.pem" $files)
  "CASEPATH_HEALTH_HOST" "0.0.0.0"
  "CASEPATH_HEALTH_PORT" "8090"
  "CASEPATH_WORK_FOLDER" "/scratch"
  "XDG_CACHE_HOME" "/scratch/cache"
  "HOME" "/scratch"
  "TMPDIR" "/tmp"
-}}
{{- if .facts.storing -}}
{{- $_ := set $plain "CASEPATH_OBJECTS" (required "objects.url: the object store, s3://bucket/prefix" .v.objects.url) -}}
{{- $plain = merge $plain .v.objects.env -}}
{{- end -}}
{{- if .v.keys.disabled -}}
{{- $_ := set $plain "CASEPATH_KEYS_OFF" "true" -}}
{{- else -}}
{{- $_ := set $plain "CASEPATH_KEYS" (required "keys.url: the keys of cases and patients, https://vault:8200/v1/transit or file:///keys with keys.claim; only where nothing is to be encrypted, keys.disabled" .v.keys.url) -}}
{{- if .v.keys.authorization.secret -}}{{- $_ := set $plain "CASEPATH_KEYS_AUTHORIZATION" (printf "%s/keys/authorization" $files) -}}{{- end -}}
{{- end -}}
{{- with .v.kafka.schemaRegistry -}}{{- $_ := set $plain "CASEPATH_SCHEMA_REGISTRY" . -}}{{- end -}}
{{- with .v.telemetry.endpoint -}}{{- $_ := set $plain "OTEL_EXPORTER_OTLP_ENDPOINT" . -}}{{- end -}}
{{- range $name, $value := .facts.env -}}{{- $_ := set $plain $name (tpl $value $ ) -}}{{- end -}}
{{- range $name, $file := .facts.files -}}{{- $_ := set $plain $name (printf "%s/files/%s" $files $file) -}}{{- end -}}
{{- range $name, $file := .facts.optionalFiles -}}
{{- if (get $.v.files $file).secret -}}{{- $_ := set $plain $name (printf "%s/files/%s" $files $file) -}}{{- end -}}
{{- end -}}
{{- $plain = merge $plain .v.telemetry.env .s.env -}}
{{- range $name := keys $plain | sortAlpha -}}
{{- $value := get $plain $name | toString -}}
{{- if $value }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Volumes of a workload's pod, without the one it keeps. */}}
{{- define "casepath.volumes" -}}
- name: scratch
  emptyDir: {sizeLimit: {{ .s.scratchSize }}}
- name: tmp
  emptyDir: {sizeLimit: 1Gi}
- name: kafka
  secret: {secretName: {{ include "casepath.password-secret" . }}, defaultMode: 0440, items: [{key: {{ include "casepath.password-key" . }}, path: password}]}
- name: kafka-ca
  secret: {secretName: {{ .v.kafka.ca.secret }}, defaultMode: 0440, items: [{key: {{ .v.kafka.ca.key }}, path: ca.crt}]}
- name: tls
  secret: {secretName: {{ include "casepath.tls-secret" . }}, defaultMode: 0440, items: [{key: tls-combined.pem, path: tls-combined.pem}, {key: ca.crt, path: ca.crt}]}
{{- $files := list -}}
{{- range $name := values (.facts.files | default dict) | sortAlpha -}}
{{- $file := get $.v.files $name -}}
{{- $files = append $files (dict "name" (required (printf "files.%s.secret: %s cannot run without it" $name $.workload) $file.secret) "items" (list (dict "key" $file.key "path" $name))) -}}
{{- end -}}
{{- range $name := values (.facts.optionalFiles | default dict) | sortAlpha -}}
{{- $file := get $.v.files $name -}}
{{- if $file.secret -}}{{- $files = append $files (dict "name" $file.secret "items" (list (dict "key" $file.key "path" $name))) -}}{{- end -}}
{{- end -}}
{{- if $files }}
- name: files
  projected:
    defaultMode: 0440
    sources:
      {{- range $files }}
      - secret: {{ toJson . }}
      {{- end }}
{{- end -}}
{{- range $name := keys (.facts.claims | default dict) | sortAlpha }}
- name: {{ $name }}
  persistentVolumeClaim: {claimName: {{ required (printf "%s.claim: %s cannot run without it" $name $.workload) (get $.v $name).claim }}, readOnly: true}
{{- end -}}
{{- range $name := keys (.facts.optionalClaims | default dict) | sortAlpha -}}
{{- with (get $.v $name).claim }}
- name: {{ $name }}
  persistentVolumeClaim: {claimName: {{ . }}, readOnly: true}
{{- end -}}
{{- end -}}
{{- with .v.keys.authorization.secret }}
- name: keys-authorization
  secret: {secretName: {{ . | replace "%s" $.service }}, defaultMode: 0440, items: [{key: {{ $.v.keys.authorization.key }}, path: authorization}]}
{{- end -}}
{{- with .v.keys.claim }}
- name: keys
  persistentVolumeClaim: {claimName: {{ . }}}
{{- end -}}
{{- if and .facts.storing .v.objects.claim }}
- name: objects
  persistentVolumeClaim: {claimName: {{ .v.objects.claim }}}
{{- end -}}
{{- if and .facts.volume .s.existingClaim }}
- name: kept
  persistentVolumeClaim: {claimName: {{ .s.existingClaim }}}
{{- end -}}
{{- with .s.extraVolumes }}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{- define "casepath.mounts" -}}
- {name: scratch, mountPath: /scratch}
- {name: tmp, mountPath: /tmp}
- {name: kafka, mountPath: /run/casepath/kafka, readOnly: true}
- {name: kafka-ca, mountPath: /run/casepath/kafka-ca, readOnly: true}
- {name: tls, mountPath: /run/casepath/tls, readOnly: true}
{{- $wanted := values (.facts.files | default dict) -}}
{{- range values (.facts.optionalFiles | default dict) -}}{{- if (get $.v.files .).secret -}}{{- $wanted = append $wanted . -}}{{- end -}}{{- end -}}
{{- if $wanted }}
- {name: files, mountPath: /run/casepath/files, readOnly: true}
{{- end -}}
{{- $claims := merge (dict) (.facts.claims | default dict) (.facts.optionalClaims | default dict) -}}
{{- range $name := keys $claims | sortAlpha -}}
{{- if (get $.v $name).claim }}
- {name: {{ $name }}, mountPath: {{ get $claims $name }}, readOnly: true}
{{- end -}}
{{- end -}}
{{- if .v.keys.authorization.secret }}
- {name: keys-authorization, mountPath: /run/casepath/keys, readOnly: true}
{{- end -}}
{{- if .v.keys.claim }}
- {name: keys, mountPath: /keys}
{{- end -}}
{{- if and .facts.storing .v.objects.claim }}
- {name: objects, mountPath: /objects}
{{- end -}}
{{- with .facts.volume }}
- {name: kept, mountPath: {{ . }}}
{{- end -}}
{{- with .s.extraVolumeMounts }}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{/* What every pod of the chart is restricted to, and by which Secrets its image is pulled. */}}
{{- define "casepath.restricted-pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .v.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What every container of the chart is restricted to. */}}
{{- define "casepath.restricted-container" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* The pod of a workload: its metadata and spec. */}}
{{- define "casepath.pod" -}}
metadata:
  labels:
    {{- include "casepath.selector" . | nindent 4 }}
    app.kubernetes.io/part-of: casepath
    {{- with .v.commonLabels }}{{ toYaml . | nindent 4 }}{{- end }}
    {{- with .s.podLabels }}{{ toYaml . | nindent 4 }}{{- end }}
  {{- with merge (dict) .s.podAnnotations .v.commonAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ .name }}
  {{- include "casepath.restricted-pod" . | nindent 2 }}
  terminationGracePeriodSeconds: {{ add (int .s.graceSeconds) (int .s.drainSeconds) }}
  {{- with .s.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .s.runtimeClassName }}
  runtimeClassName: {{ . }}
  {{- end }}
  {{- with .s.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .s.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .s.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .s.spreadOver }}
  topologySpreadConstraints:
    {{- range . }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "casepath.selector" $ | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- with .s.initContainers }}
  initContainers: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .service }}
      image: {{ include "casepath.image" . | quote }}
      imagePullPolicy: {{ .v.image.pullPolicy }}
      securityContext: {{- include "casepath.restricted-container" . | nindent 8 }}
      ports:
        - {name: health, containerPort: 8090}
        {{- range $port, $number := .facts.ports }}
        - {name: {{ $port }}, containerPort: {{ $number }}}
        {{- end }}
      env:
        {{- include "casepath.env" . | nindent 8 }}
      {{- if and .facts.storing .v.objects.secret }}
      envFrom:
        - secretRef: {name: {{ .v.objects.secret }}}
      {{- end }}
      startupProbe:
        httpGet: {path: /healthz, port: health}
        periodSeconds: 5
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /healthz, port: health}
        periodSeconds: 20
        timeoutSeconds: 5
      readinessProbe:
        httpGet: {path: /readyz, port: health}
        periodSeconds: 5
        timeoutSeconds: 5
      {{- if .s.drainSeconds }}
      lifecycle:
        preStop: {sleep: {seconds: {{ .s.drainSeconds }}}}
      {{- end }}
      resources: {{- toYaml .s.resources | nindent 8 }}
      volumeMounts:
        {{- include "casepath.mounts" . | nindent 8 }}
    {{- with .s.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "casepath.volumes" . | nindent 4 }}
{{- end -}}
