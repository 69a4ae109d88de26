"""The chart says what the services need, and nothing that they may not have."""

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from prometheus_client import REGISTRY

from casepath.callers import CALLERS
from casepath.topics import BY_NAME
from chart.rendering import CHART, PROFILES, Rendered, Resource, profile, refusal, rendered, run_helm, settings
from chassis.kafka_rights import OPERATOR, principals, rights
from chassis.provision import wanted_topics
from chassis.settings import Settings
from node_programs import run_on_node

REPOSITORY = CHART.parents[1]
SERVICES = (
    "advice",
    "audit",
    "cases",
    "deidentification",
    "hub",
    "operations",
    "inference",
    "intake",
    "portal",
    "records",
    "results",
    "sequencing",
    "slides",
)
CUSTOM = ("cert-manager.io", "kafka.strimzi.io", "keda.sh", "monitoring.coreos.com")
EVERY_MODE = [(name, mode) for name in PROFILES for mode in ("keda", "hpa", "none")]
SELF_MADE = (
    "strimzi.enabled=false",
    "tls.certManager.enabled=false",
    "kafka.provision.enabled=true",
    "kafka.provision.bootstrap=kafka.example:9094",
    "telemetry.endpoint=http://collector.example:4317",
    "quota.requests\\.cpu=8",
    "kafka.schemaRegistry=http://registry.example:8081",
)


def in_mode(name: str, mode: str) -> Rendered:
    return rendered(name, *settings(f"scaling.mode={mode}"))


@pytest.mark.parametrize("name", PROFILES)
def test_helm_finds_nothing_wrong_with_the_chart(name: str) -> None:
    assert "0 chart(s) failed" in run_helm("lint", "--strict", str(CHART), *profile(name)).stdout


@pytest.mark.parametrize(("name", "mode"), EVERY_MODE)
def test_kubernetes_own_definitions_know_every_field(name: str, mode: str) -> None:
    known = [one for one in in_mode(name, mode).resources if one["apiVersion"].split("/")[0] not in CUSTOM]
    assert len(known) > 50
    for resource in known:
        kubernetes_validate.validate(resource, "1.37", strict=True)


@pytest.mark.parametrize("name", PROFILES)
def test_the_operators_own_definitions_hold_for_what_is_theirs(name: str) -> None:
    custom = [one for one in rendered(name).resources if one["apiVersion"].split("/")[0] in CUSTOM]
    assert {one["kind"] for one in custom} == {
        *("Certificate", "KafkaTopic", "KafkaUser", "TriggerAuthentication", "ScaledObject", "ServiceMonitor", "PrometheusRule")
    }
    assert json.loads(run_on_node("custom_resources.mjs", json.dumps(custom))) == []


def test_what_breaks_an_operators_definition_is_found() -> None:
    broken = json.loads(json.dumps(rendered("single-hospital").of("ScaledObject")[0]))
    broken["spec"]["minReplicaCount"] = "one"
    assert "minReplicaCount must be integer" in run_on_node("custom_resources.mjs", json.dumps([broken]))


def test_without_operators_a_job_makes_what_topics_yaml_declares() -> None:
    made = rendered("single-hospital", *settings(*SELF_MADE))
    assert not made.of("KafkaTopic", "KafkaUser", "Certificate")
    job = made.named("Job", "casepath-provision")
    kubernetes_validate.validate(job, "1.37", strict=True)
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    arguments = job["spec"]["template"]["spec"]["containers"][0]["args"]
    known = subprocess.run(
        [sys.executable, "-m", "cli", "provision", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert arguments[0] == "provision"
    assert all(argument.split("=")[0] in known for argument in arguments[1:])


def test_backups_are_taken_by_a_cron_job_that_has_the_stores_credentials_and_no_passwords() -> None:
    backing_up = ("backup.enabled=true", "backup.place=s3://backups/casepath", *SELF_MADE, "objects.secret=s3")
    assert not rendered("single-hospital").of("CronJob")
    made = rendered("single-hospital", *settings(*backing_up))
    job = made.named("CronJob", "casepath-backup")
    kubernetes_validate.validate(job, "1.37", strict=True)
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    known = subprocess.run(
        [sys.executable, "-m", "cli", "backup", "take", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert container["args"][:3] == ["backup", "take", "s3://backups/casepath"]
    assert all(argument.split("=")[0] in known for argument in container["args"][3:])
    assert container["envFrom"] == [{"secretRef": {"name": "s3"}}]
    admin = next(one["secret"] for one in pod["volumes"] if one["name"] == "admin")
    assert [one["path"] for one in admin["items"]] == ["admin.pem"]
    policy = made.named("NetworkPolicy", "casepath-backup")["spec"]
    assert policy["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "backup"
    assert {port["port"] for rule in policy["egress"] for port in rule["ports"]} == {53, 9094, 443}


def environment(pod: Resource, folder: Path) -> dict[str, str]:
    """Of a pod's first container, with each mounted file made under a folder."""
    (container, *_) = pod["containers"]
    found = {}
    for one in container["env"]:
        if "valueFrom" in one:
            found[one["name"]] = "5ff4bd27-06bc-4d4d-9a44-6fbcb2c7c0a4"
            continue
        value = one["value"]
        if value.startswith("/run/casepath/"):
            assert value in mounted(pod), f"{one['name']} names {value}, which is not mounted"
            file = folder / value.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("{}")
            value = str(file)
        found[one["name"]] = value
    return found


def mounted(pod: Resource) -> set[str]:
    """Paths of the files that Secrets give to a pod's first container."""
    places = {one["name"]: one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
    files = set()
    for volume in pod["volumes"]:
        projected = [one["secret"] for one in volume.get("projected", {}).get("sources", [])]
        for source in [volume["secret"]] if "secret" in volume else projected:
            files |= {f"{places[volume['name']]}/{item['path']}" for item in source.get("items", [])}
    return files


def settings_of(service: str) -> type[Settings]:
    module = import_module(f"{service}.settings")
    (kind,) = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Settings) and one.__module__ == module.__name__
    ]
    return kind


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("options", [(), SELF_MADE], ids=["operators", "self-made"])
def test_each_service_accepts_the_settings_that_it_gets(
    name: str, options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    for workload in rendered(name, *settings(*options)).workloads():
        pod = workload["spec"]["template"]["spec"]
        service = pod["containers"][0]["name"]
        kind = settings_of(service)
        given = environment(pod, tmp_path)
        known = {f"CASEPATH_{field.upper()}" for field in kind.model_fields}
        assert {one for one in given if one.startswith("CASEPATH_")} <= known, f"{service} does not know these"
        with monkeypatch.context() as patched:
            for variable, value in given.items():
                patched.setenv(variable, value)
            kind()
        seen.add(service)
    assert seen == set(SERVICES)


def test_every_place_that_a_service_writes_to_is_a_volume() -> None:
    """The root is read-only."""
    for name, pod in rendered("single-hospital").pods():
        container = pod["containers"][0]
        writable = {one["mountPath"] for one in container.get("volumeMounts", []) if not one.get("readOnly")}
        for one in container["env"]:
            value = one.get("value", "")
            if re.fullmatch(r"CASEPATH_(\w+_)?(FOLDER|DATABASE|INDEXES)|HOME|TMPDIR|XDG_CACHE_HOME", one["name"]) and writable:
                assert any(value == path or value.startswith(f"{path}/") for path in writable), (name, one)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("options", [(), SELF_MADE], ids=["operators", "self-made"])
def test_every_pod_is_restricted(name: str, options: tuple[str, ...]) -> None:
    for _, pod in rendered(name, *settings(*options)).pods():
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]
            assert container["resources"]["requests"]["cpu"]


def test_the_chart_makes_no_secret_and_each_pod_sees_its_own_alone() -> None:
    made = rendered("single-hospital")
    assert not made.of("Secret")
    signing = [name for name, pod in made.pods() if "/run/casepath/files/signingKey" in mounted_or_none(pod)]
    sealing = [name for name, pod in made.pods() if "/run/casepath/files/auditKey" in mounted_or_none(pod)]
    assert (signing, sealing) == (["casepath-portal"], ["casepath-audit"])
    for workload in made.workloads():
        pod = workload["spec"]["template"]["spec"]
        service = pod["containers"][0]["name"]
        own = {volume["name"]: volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
        assert (own["kafka"], own["tls"]) == (f"casepath-{service}", f"casepath-{service}-tls")
        assert own["keys-authorization"] == f"casepath-keys-{service}"


def mounted_or_none(pod: Resource) -> set[str]:
    return mounted(pod) if "volumes" in pod else set()


@pytest.mark.parametrize(
    ("options", "variables", "asked"),
    [
        ((), {"CASEPATH_KEYS", "CASEPATH_KEYS_AUTHORIZATION"}, True),
        (("keys.url=file:///keys", "keys.claim=casepath-keys", "keys.authorization.secret="), {"CASEPATH_KEYS"}, False),
        (("keys.url=", "keys.disabled=true"), {"CASEPATH_KEYS_OFF"}, False),
    ],
    ids=["server", "folder", "none"],
)
def test_every_service_has_the_keys_and_reaches_their_server_where_there_is_one(
    options: tuple[str, ...], variables: set[str], asked: bool
) -> None:
    made = rendered("single-hospital", *settings(*options))
    for workload in made.workloads():
        pod = workload["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert {one["name"] for one in container["env"] if one["name"].startswith("CASEPATH_KEYS")} == variables
        paths = {one["mountPath"] for one in container["volumeMounts"]}
        assert ("/keys" in paths) == ("keys.claim=casepath-keys" in options)
        policy = made.named("NetworkPolicy", workload["metadata"]["name"])
        ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
        assert (8200 in ports) == asked


def test_probes_ask_what_every_service_serves() -> None:
    for workload in rendered("single-hospital").workloads():
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        variables = {one["name"]: one.get("value") for one in container["env"]}
        assert str(ports["health"]) == variables["CASEPATH_HEALTH_PORT"]
        assert {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")} == {
            "/healthz",
            "/readyz",
        }


def test_topics_and_rights_are_those_of_topics_yaml() -> None:
    made = rendered("single-hospital")
    topics = {one["spec"]["topicName"]: one["spec"]["partitions"] for one in made.of("KafkaTopic")}
    assert topics == {topic.topic: topic.num_partitions for topic in wanted_topics(3)}
    assert {one["metadata"]["name"].removeprefix("casepath-") for one in made.of("KafkaUser")} == set(principals())
    given = {
        (user["metadata"]["name"].removeprefix("casepath-"), acl["resource"]["type"], acl["resource"]["name"], operation.lower())
        for user in made.of("KafkaUser")
        for acl in user["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    }
    assert given == {(one.principal, one.resource.value, one.name, one.operation.value) for one in rights()}


def selected(peer: dict[str, Any]) -> str:
    return str(peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/component", ""))


def edges(made: Rendered, direction: str) -> set[tuple[str, str, int]]:
    """Who asks whom at which port, as rules for one direction say."""
    peers, found = {"ingress": "from", "egress": "to"}[direction], set()
    for policy in made.of("NetworkPolicy"):
        own = policy["spec"]["podSelector"]["matchLabels"].get("app.kubernetes.io/component", "")
        for rule in policy["spec"].get(direction, []):
            for peer in rule.get(peers, []):
                if other := selected(peer):
                    pair = (other, own) if direction == "ingress" else (own, other)
                    found |= {(*pair, port["port"]) for port in rule["ports"]}
    return {edge for edge in found if "ready" not in edge}


def test_services_reach_each_other_where_it_is_declared_and_nowhere_else() -> None:
    made = rendered("single-hospital")
    declared = {
        (caller, method.split(".")[1], {"cases": 50050, "audit": 50057}[method.split(".")[1]])
        for method, callers in CALLERS.items()
        for caller in callers - {OPERATOR}
    }
    by_token = {
        ("portal", "slides", 8042),
        ("portal", "sequencing", 50055),
        ("portal", "hub", 50059),
        ("portal", "hub", 8043),
        ("portal", "operations", 50060),
    }
    assert edges(made, "ingress") == edges(made, "egress") == declared | by_token


def test_addresses_that_services_are_given_are_those_that_they_may_reach() -> None:
    made = rendered("single-hospital")
    ports = {one["metadata"]["name"]: {port["port"] for port in one["spec"]["ports"]} for one in made.of("Service")}
    for workload in made.workloads():
        own = workload["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
        for one in workload["spec"]["template"]["spec"]["containers"][0]["env"]:
            for name, port in re.findall(r"(casepath-[a-z-]+)\.casepath\.svc:(\d+)", one.get("value", "")):
                assert int(port) in ports[name]
                assert (own, name.removeprefix("casepath-"), int(port)) in edges(made, "egress")


def test_images_of_studies_are_shown_where_it_is_said_where_hospitals_released_them() -> None:
    given = {
        one["metadata"]["name"]: {
            env["name"]: env.get("value", "") for env in one["spec"]["template"]["spec"]["containers"][0]["env"]
        }
        for one in rendered("ght").workloads()
    }
    hub = given["casepath-angers-hub"]
    assert hub["CASEPATH_STUDY_IMAGES_ADDRESS"] == "0.0.0.0:8043"
    assert hub["CASEPATH_RELEASED_OBJECTS"] == "s3://casepath-angers-research/released"
    assert given["casepath-angers-portal"]["CASEPATH_STUDY_IMAGES"] == "https://casepath-angers-hub.casepath-angers.svc:8043"
    assert not given["casepath-cholet-portal"].get("CASEPATH_STUDY_IMAGES")


def test_whatever_is_not_declared_is_denied() -> None:
    deny = rendered("single-hospital").named("NetworkPolicy", "casepath-deny")["spec"]
    assert deny == {
        "podSelector": {"matchLabels": {"app.kubernetes.io/instance": "casepath"}},
        "policyTypes": ["Ingress", "Egress"],
    }


def test_certificates_have_the_names_that_callers_expect() -> None:
    for certificate in rendered("single-hospital").of("Certificate"):
        spec = certificate["spec"]
        assert spec["commonName"] in SERVICES
        assert {spec["commonName"], f"casepath-{spec['commonName']}.casepath.svc"} <= set(spec["dnsNames"])


@pytest.mark.parametrize(("name", "mode"), EVERY_MODE)
def test_a_workload_has_one_scaler_or_a_count_and_never_both(name: str, mode: str) -> None:
    made = in_mode(name, mode)
    everything = [(one["metadata"]["namespace"], one["kind"], one["metadata"]["name"]) for one in made.workloads()]
    counted = [place for place, one in zip(everything, made.workloads(), strict=True) if "replicas" in one["spec"]]
    scaled = [
        (one["metadata"]["namespace"], one["spec"]["scaleTargetRef"]["kind"], one["spec"]["scaleTargetRef"]["name"])
        for one in made.of("ScaledObject", "HorizontalPodAutoscaler")
    ]
    assert sorted(scaled + counted) == sorted(everything)
    assert bool(made.of("ScaledObject")) == (mode == "keda")


def test_lag_scales_whoever_consumes_the_topic_and_batch_work_goes_down_to_none() -> None:
    made = rendered("single-hospital")
    fewest = {}
    for scaled in made.of("ScaledObject"):
        fewest[scaled["metadata"]["name"]] = scaled["spec"]["minReplicaCount"]
        for trigger in scaled["spec"]["triggers"]:
            topic, group = trigger["metadata"]["topic"], trigger["metadata"]["consumerGroup"]
            assert group.removeprefix("casepath-") in BY_NAME[topic].consumers
            assert scaled["spec"]["maxReplicaCount"] <= BY_NAME[topic].partitions
            # KEDA takes these from the TriggerAuthentication alone.
            assert not {"username", "password"} & trigger["metadata"].keys()
        authentication = made.named("TriggerAuthentication", scaled["metadata"]["name"])["spec"]
        (user,) = authentication["configMapTargetRef"]
        assert made.named("ConfigMap", user["name"])["data"][user["key"]] == f"casepath-{group.removeprefix('casepath-')}"
    assert fewest == {
        "casepath-deidentification": 1,
        "casepath-inference": 1,
        "casepath-records": 1,
        "casepath-results": 1,
        "casepath-sequencing-workers": 0,
    }


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["services.intake.replica=2"], "additional properties 'replica' not allowed"),
        (["services.records.scaling.most=13"], "13 is more than the 12 partitions"),
        (["services.cases.replicas=2"], "there can be one only"),
        (["services.slides.scaling.most=2"], "there can be one only"),
        (["services.records.scaling.fewest=0"], "only batch work goes down to none"),
        (["services.scanner.replicas=1"], "there is no service of that name"),
        (["services.portal.env.CASEPATH_TLS_OFF=yes"], "the chart sets it"),
        (["services.portal.env.CASEPATH_CASES_ADDRESS=x:1"], "the chart sets it"),
        (["kafka.bootstrap="], "kafka.bootstrap: the brokers"),
        (["keys.url="], "keys.url: the keys of cases and patients"),
        (["keys.url=vault:8200"], "does not match pattern"),
        (["services.portal.env.CASEPATH_KEYS_OFF=yes"], "the chart sets it"),
        (["fhir.url="], "fhir.url: the FHIR R4 base"),
        (["files.signingKey.secret="], "files.signingKey.secret: portal cannot run without it"),
        (["kafka.provision.enabled=true"], "choose one of the two"),
        (["backup.enabled=true"], "backup.place"),
        (["backup.enabled=true", "backup.place=s3://b"], "kafka.provision.bootstrap"),
        (["backup.schedule=daily"], "schedule"),
        (["services.intake.digest=sha256:abc"], "does not match pattern"),
        (["scaling.mode=both"], "value must be one of"),
        (["hospitals.Angers.namespace=x"], "invalid propertyName"),
        (["references.claim="], "references.claim"),
    ],
    ids=lambda given: given[0] if isinstance(given, list) else "",
)
def test_values_that_cannot_be_are_refused_with_what_to_do(options: list[str], reason: str) -> None:
    assert reason in refusal(*settings(*options))


def test_a_pool_on_graphics_cards_is_one_block() -> None:
    pool = (
        "services.inference-gpu.of=inference",
        "services.inference-gpu.variant=-gpu",
        "services.inference-gpu.resources.limits.nvidia\\.com/gpu=1",
        "services.inference-gpu.nodeSelector.nvidia\\.com/gpu\\.present=yes",
    )
    made = rendered("single-hospital", *settings(*pool))
    spec = made.named("Deployment", "casepath-inference-gpu")["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["image"] == "registry.example/casepath/inference:0.1.0-gpu"
    assert container["resources"]["limits"] == {"memory": "8Gi", "ephemeral-storage": "4Gi", "nvidia.com/gpu": 1}
    assert {"name": "CASEPATH_DEVICE", "value": "gpu"} in container["env"]
    assert spec["nodeSelector"] == {"nvidia.com/gpu.present": "yes"}
    assert {"name": "CASEPATH_DEVICE", "value": "cpu"} in (
        made.named("Deployment", "casepath-inference")["spec"]["template"]["spec"]["containers"][0]["env"]
    )


def test_an_image_is_taken_by_its_digest_where_one_is_given() -> None:
    made = rendered("single-hospital", *settings(f"services.intake.digest=sha256:{'0' * 64}"))
    (container,) = made.named("Deployment", "casepath-intake")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"registry.example/casepath/intake@sha256:{'0' * 64}"


def test_nothing_of_one_hospital_names_anything_of_another() -> None:
    by_namespace: dict[str, str] = {}
    for one in rendered("ght").resources:
        namespace = one["metadata"]["namespace"] if one["kind"] != "Namespace" else one["metadata"]["name"]
        by_namespace[namespace] = by_namespace.get(namespace, "") + json.dumps(one)
    assert set(by_namespace) == {"casepath-angers", "casepath-cholet"}
    assert "cholet" not in by_namespace["casepath-angers"]
    assert "angers" not in by_namespace["casepath-cholet"]


def test_a_hospital_that_does_not_call_variants_has_no_sequencing() -> None:
    names = {one["metadata"]["name"] for one in rendered("ght").workloads()}
    assert "casepath-angers-sequencing" in names
    assert not {name for name in names if "cholet" in name and "sequencing" in name}


def test_alerts_and_dashboards_ask_for_metrics_that_exist_and_each_alert_has_its_row_in_the_runbook() -> None:
    for module in (
        "cases.adapters.assembly",
        "inference.monitoring",
        "inference.adapters.model_process",
        "intake.receiving",
        "sequencing.ingestion",
    ):
        import_module(module)
    exported = {sample.name for family in REGISTRY.collect() for sample in family.samples}
    exported |= {name for family in REGISTRY.collect() for name in names_of(family)}
    alerts = yaml.safe_load((CHART / "files/alerts.yaml").read_text())
    runbook = (REPOSITORY / "docs/runbook.md").read_text()
    queries = [one["expr"] for one in alerts]
    for dashboard in (CHART / "files/dashboards").glob("*.json"):
        queries += [target["expr"] for panel in json.loads(dashboard.read_text())["panels"] for target in panel["targets"]]
    assert len(queries) > 10
    for query in queries:
        assert set(re.findall(r"casepath_\w+", query)) <= exported, query
    for alert in alerts:
        assert f'<a id="{alert["alert"].lower()}"></a>' in runbook


def names_of(family: Any) -> set[str]:
    """Of a family without samples yet, since none of its labels was seen."""
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return {family.name + suffix for suffix in suffixes.get(family.type, ("",))}


def test_every_value_has_its_comment() -> None:
    """Below `services` each service has one; what can be set there is commented under `defaults`."""
    lines = (CHART / "values.yaml").read_text().splitlines()
    services = lines.index("services:")
    for number, line in enumerate(lines):
        match = re.match(r"( *)([A-Za-z][\w-]*):(.*)", line)
        if match and match[3].strip() and not (number > services and line.startswith("    ")):
            assert lines[number - 1].strip().startswith("# --"), f"values.yaml:{number + 1}: {line}"


def test_what_the_chart_has_from_elsewhere_is_what_generating_gives(tmp_path: Path) -> None:
    subprocess.run([sys.executable, REPOSITORY / "charts/generate.py", "--into", tmp_path], check=True)
    for name in ("README.md", "files/declared.yaml"):
        assert (tmp_path / name).read_text() == (CHART / name).read_text(), name


def test_every_service_that_publishes_or_consumes_is_in_the_chart() -> None:
    declared = yaml.safe_load((CHART / "files/services.yaml").read_text())
    assert set(principals()) - {OPERATOR} <= set(declared)
