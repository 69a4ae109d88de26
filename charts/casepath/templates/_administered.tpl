{{/* The pod of a command of the cluster's administrator: `.args`, `.env` and `.envFrom` are its own; `.whole` gives it the principals' passwords too, `.storing` the object store's claim. */}}
{{- define "casepath.administered-pod" -}}
restartPolicy: OnFailure
{{- include "casepath.restricted-pod" . | nindent 0 }}
containers:
  - name: {{ .workload }}
    image: {{ include "casepath.image" . | quote }}
    imagePullPolicy: {{ .v.image.pullPolicy }}
    args:
      {{- range .args }}
      - {{ . }}
      {{- end }}
      - --kafka={{ required (printf "kafka.provision.bootstrap: a listener that asks for certificates, for %s" .workload) .v.kafka.provision.bootstrap }}
      - --kafka-ca=/run/casepath/kafka-ca/ca.crt
      - --identity=/run/casepath/admin/admin.pem
    env:
      - {name: HOME, value: /tmp}
      {{- range $name, $value := .env | default dict }}
      - {name: {{ $name }}, value: {{ $value | quote }}}
      {{- end }}
    {{- with .envFrom }}
    envFrom:
      - secretRef: {name: {{ . }}}
    {{- end }}
    securityContext: {{- include "casepath.restricted-container" . | nindent 6 }}
    resources: {{- toYaml .v.defaults.resources | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      - {name: kafka-ca, mountPath: /run/casepath/kafka-ca, readOnly: true}
      - {name: admin, mountPath: /run/casepath/admin, readOnly: true}
      {{- if and .storing .v.objects.claim }}
      - {name: objects, mountPath: /objects}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: {sizeLimit: 1Gi}
  - name: kafka-ca
    secret: {secretName: {{ .v.kafka.ca.secret }}, defaultMode: 0440, items: [{key: {{ .v.kafka.ca.key }}, path: ca.crt}]}
  - name: admin
    secret: {secretName: {{ .v.kafka.provision.secret }}, defaultMode: 0440{{ if not .whole }}, items: [{key: admin.pem, path: admin.pem}]{{ end }}}
  {{- if and .storing .v.objects.claim }}
  - name: objects
    persistentVolumeClaim: {claimName: {{ .v.objects.claim }}}
  {{- end }}
{{- end -}}

{{/* Whom such a pod may talk to: the brokers' listener for administrators, and `.outside`. */}}
{{- define "casepath.administered-network" -}}
podSelector:
  matchLabels: {{- include "casepath.selector" . | nindent 4 }}
policyTypes: [Ingress, Egress]
egress:
  - to: {{- toYaml .v.network.dns | nindent 6 }}
    ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
  - ports: [{protocol: TCP, port: {{ .v.kafka.provision.bootstrap | splitList "," | first | splitList ":" | last }}}]
    {{- with .v.network.outside.kafka.to }}
    to: {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- with .outside }}
  {{- include "casepath.outside" (list $.v .) | nindent 2 }}
  {{- end }}
{{- end -}}
