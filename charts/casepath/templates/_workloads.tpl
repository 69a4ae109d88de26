{{/* Names of the hospitals; one without a name where there are none. */}}
{{- define "casepath.names" -}}
{{- keys (.Values.hospitals | default (dict "" dict)) | sortAlpha | toYaml -}}
{{- end -}}

{{/* Fills a context for a hospital: v (its values), hospital, prefix, namespace. Argument: (list context "hospital"). */}}
{{- define "casepath.enter" -}}
{{- $context := index . 0 -}}{{- $hospital := index . 1 -}}{{- $root := $context.root -}}
{{- $own := get ($root.Values.hospitals | default dict) $hospital | default dict -}}
{{- $v := mustMergeOverwrite (deepCopy (omit $root.Values "hospitals")) (deepCopy $own) -}}
{{- $_ := set $context "v" $v -}}
{{- $_ := set $context "hospital" $hospital -}}
{{- $_ := set $context "prefix" (list (include "casepath.fullname" $root) $hospital | compact | join "-") -}}
{{- $_ := set $context "namespace" ($v.namespace | default $root.Release.Namespace) -}}
{{- end -}}

{{/* Includes a template for each hospital, as a document of its own where it says anything. Argument: (list $ "template"). */}}
{{- define "casepath.hospitals" -}}
{{- $root := index . 0 -}}{{- $template := index . 1 -}}
{{- range $hospital := include "casepath.names" $root | fromYamlArray -}}
{{- $context := dict "root" $root -}}
{{- include "casepath.enter" (list $context $hospital) -}}
{{- with include $template $context | trim }}
---
{{ . }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Includes a template for each workload of each hospital, as a document of its own where it says anything. Argument: (list $ "template"). Beside the above its context has: workload, service, facts (of files/services.yaml), s (settings), name. */}}
{{- define "casepath.each" -}}
{{- $root := index . 0 -}}{{- $template := index . 1 -}}
{{- range $hospital := include "casepath.names" $root | fromYamlArray -}}
{{- $context := dict "root" $root -}}
{{- include "casepath.enter" (list $context $hospital) -}}
{{- include "casepath.collect" $context -}}
{{- range $context.found -}}
{{- with include $template . | trim }}
---
{{ . }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The workloads of one hospital, as a list of contexts in `.found`. */}}
{{- define "casepath.collect" -}}
{{- $root := .root -}}{{- $v := .v -}}{{- $found := list -}}
{{- $declared := $root.Files.Get "files/services.yaml" | fromYaml -}}
{{- range $workload, $own := $v.services -}}
{{- $own = $own | default dict -}}
{{- $of := $own.of | default $workload -}}
{{- $facts := get $declared $of -}}
{{- if not $facts -}}
{{- fail (printf "services.%s: there is no service of that name; another pool of one names it under `of`: %s" $workload (keys $declared | sortAlpha | join ", ")) -}}
{{- end -}}
{{- $s := mustMergeOverwrite (deepCopy $v.defaults) (deepCopy (ternary (get $v.services $of | default dict) dict (ne $of $workload))) (deepCopy (omit $own "of")) -}}
{{- if $s.enabled -}}
{{- $service := $facts.service | default $of -}}
{{- $context := dict "root" $root "v" $v "hospital" $.hospital "prefix" $.prefix "namespace" $.namespace "workload" $workload "service" $service "facts" $facts "s" $s "name" (printf "%s-%s" $.prefix $workload | trunc 63 | trimSuffix "-") -}}
{{- include "casepath.check" $context -}}
{{- $found = append $found $context -}}
{{- end -}}
{{- end -}}
{{- $_ := set . "found" $found -}}
{{- end -}}

{{/* Fails where a workload's settings cannot be, and says what to do. */}}
{{- define "casepath.check" -}}
{{- $scaled := gt (int .s.scaling.most) (int .s.scaling.fewest) -}}
{{- if and .facts.single (or (gt (int .s.replicas) 1) (gt (int .s.scaling.most) 1)) -}}
{{- fail (printf "services.%s: there can be one only, since it keeps a volume: set replicas and scaling.most to 1" .workload) -}}
{{- end -}}
{{- if and $scaled .facts.work -}}
{{- $declared := .root.Files.Get "files/declared.yaml" | fromYaml -}}
{{- $most := int .s.scaling.most -}}
{{- range $topic := .facts.work -}}
{{- $partitions := int (get $declared.topics $topic).partitions -}}
{{- if gt $most $partitions -}}
{{- fail (printf "services.%s.scaling.most: %d is more than the %d partitions of %s; the others would have nothing to do" $.workload $most $partitions $topic) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq (int .s.scaling.fewest) 0) (not .facts.batch) -}}
{{- fail (printf "services.%s.scaling.fewest: only batch work goes down to none (%s); set it to 1" .workload "sequencing-workers") -}}
{{- end -}}
{{- range $variable := keys .s.env | sortAlpha -}}
{{- if or (hasKey $.facts.env $variable) (hasKey (merge (dict) ($.facts.files | default dict) ($.facts.optionalFiles | default dict)) $variable) (has $variable (list "CASEPATH_KAFKA" "CASEPATH_KAFKA_USER" "CASEPATH_NAMESPACE" "CASEPATH_TLS_OFF" "CASEPATH_KAFKA_OPEN" "CASEPATH_KEYS" "CASEPATH_KEYS_OFF" "CASEPATH_OBJECTS")) -}}
{{- fail (printf "services.%s.env.%s: the chart sets it; use its value" $.workload $variable) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* `keda`, `hpa` or nothing: what scales a workload. */}}
{{- define "casepath.scaler" -}}
{{- if and (ne .v.scaling.mode "none") (gt (int .s.scaling.most) (int .s.scaling.fewest)) -}}
{{- if and (eq .v.scaling.mode "keda") .facts.work -}}keda
{{- else if ge (int .s.scaling.fewest) 1 -}}hpa
{{- end -}}
{{- end -}}
{{- end -}}

{{/* `StatefulSet` where a workload keeps a volume, else `Deployment`. */}}
{{- define "casepath.kind" -}}{{ ternary "StatefulSet" "Deployment" (not (empty .facts.volume)) }}{{- end -}}

{{- define "casepath.fullname" -}}
{{- if .Values.fullnameOverride -}}{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* host:port of a service of the same hospital. Argument: (list context "service" port). */}}
{{- define "casepath.address" -}}
{{- $context := index . 0 -}}
{{- printf "%s-%s.%s.svc:%d" $context.prefix (index . 1) $context.namespace (int (index . 2)) -}}
{{- end -}}

{{/* What selects one workload's pods. */}}
{{- define "casepath.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .workload }}
{{- with .hospital }}
casepath/hospital: {{ . }}
{{- end }}
{{- end -}}

{{/* Name, namespace, labels and annotations of a resource of a hospital or workload; `.named` in place of its name, with `.labels` and `.annotations` of its own. */}}
{{- define "casepath.metadata" -}}
name: {{ .named | default .name | default .prefix }}
namespace: {{ .namespace }}
labels:
  app.kubernetes.io/name: {{ .root.Chart.Name }}
  app.kubernetes.io/instance: {{ .root.Release.Name }}
  {{- with .workload }}
  app.kubernetes.io/component: {{ . }}
  {{- end }}
  {{- with .hospital }}
  casepath/hospital: {{ . }}
  {{- end }}
  app.kubernetes.io/part-of: casepath
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
  {{- with merge (dict) (.labels | default dict) .v.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.annotations | default dict) .v.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The image of a workload, by digest where one is given. */}}
{{- define "casepath.image" -}}
{{- $repository := list .v.image.registry .service | compact | join "/" -}}
{{- if .s.digest -}}{{ printf "%s@%s" $repository .s.digest }}
{{- else -}}{{ printf "%s:%s%s" $repository (.v.image.tag | default .root.Chart.AppVersion) .s.variant }}
{{- end -}}
{{- end -}}

{{/* Principal of a service on the cluster. Strimzi calls it by its KafkaUser. */}}
{{- define "casepath.principal" -}}
{{- if .v.strimzi.enabled -}}{{ printf "%s-%s" .prefix .service }}{{- else -}}{{ .service }}{{- end -}}
{{- end -}}

{{- define "casepath.password-secret" -}}
{{- if .v.strimzi.enabled -}}{{ include "casepath.principal" . }}{{- else -}}{{ .v.kafka.passwords.secret | replace "%s" .service }}{{- end -}}
{{- end -}}
{{- define "casepath.password-key" -}}
{{- if .v.strimzi.enabled -}}password{{- else -}}{{ .v.kafka.passwords.key }}{{- end -}}
{{- end -}}
{{- define "casepath.tls-secret" -}}
{{- if .v.tls.certManager.enabled -}}{{ printf "%s-%s-tls" .prefix .service }}{{- else -}}{{ .v.tls.secret | replace "%s" .service }}{{- end -}}
{{- end -}}
