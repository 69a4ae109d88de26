"""Each alert of the chart, by promtool: it fires where it should, and is silent where all is well."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from chart.rendering import rendered
from go_programs import PROMTOOL

# Of days, each of which looks back at all of them.
MOST_EVALUATIONS = 360
HERE = 'namespace="casepath", job="casepath-records"'


@dataclass(frozen=True, slots=True)
class Watched:
    """Series, one value a minute as promtool writes them: where something is wrong, and where all is well."""

    wrong: dict[str, str]
    well: dict[str, str]
    minutes: int
    # Labels of the alert besides its severity.
    labels: dict[str, str] = field(default_factory=dict)


def turnaround(stage: str, le: str, within: int, minutes: int) -> dict[str, str]:
    """So many of a hundred a minute within the bound."""
    name = f'{{{HERE}, stage="{stage}"'
    return {
        f'casepath_turnaround_seconds_bucket{name}, le="{le}"}}': f"0+{within}x{minutes}",
        f"casepath_turnaround_seconds_count{name}}}": f"0+100x{minutes}",
    }


def late(stage: str, le: str, hours: int, bad: int, good: int) -> Watched:
    return Watched(turnaround(stage, le, bad, hours * 60), turnaround(stage, le, good, hours * 60), hours * 60)


TOPIC = 'topic="slides.slide.ingested.v1"'
ALERTS = {
    "CasepathServiceAway": Watched(
        {f"up{{{HERE}}}": "1x5 0x20"}, {f"up{{{HERE}}}": "1x5 0x2 1x20"}, 20, {"namespace": "casepath", "job": "casepath-records"}
    ),
    "CasepathDeadLetters": Watched(
        {f'casepath_records_total{{{HERE}, {TOPIC}, outcome="dead_letter"}}': "0x10 1x10"},
        {f'casepath_records_total{{{HERE}, {TOPIC}, outcome="done"}}': "0+5x20"},
        15,
        {"topic": "slides.slide.ingested.v1"},
    ),
    "CasepathPutOff": Watched(
        {f"casepath_retries_total{{{HERE}, {TOPIC}}}": "0+4x60"},
        {f"casepath_retries_total{{{HERE}, {TOPIC}}}": "0+1x60"},
        60,
        {"topic": "slides.slide.ingested.v1"},
    ),
    "CasepathSlow": Watched(
        {
            f'casepath_record_seconds_bucket{{{HERE}, {TOPIC}, le="60.0"}}': "0+1x90",
            f'casepath_record_seconds_bucket{{{HERE}, {TOPIC}, le="300.0"}}': "0+9x90",
            f'casepath_record_seconds_bucket{{{HERE}, {TOPIC}, le="+Inf"}}': "0+10x90",
        },
        {
            f'casepath_record_seconds_bucket{{{HERE}, {TOPIC}, le="60.0"}}': "0+10x90",
            f'casepath_record_seconds_bucket{{{HERE}, {TOPIC}, le="+Inf"}}': "0+10x90",
        },
        90,
        {"topic": "slides.slide.ingested.v1"},
    ),
    "CasepathLagging": Watched(
        {f'casepath_lag_records{{{HERE}, {TOPIC}, partition="{number}"}}': "600x60" for number in (0, 1)},
        {f'casepath_lag_records{{{HERE}, {TOPIC}, partition="0"}}': "0x10 5000x20 0x30"},
        60,
        {"topic": "slides.slide.ingested.v1", "job": "casepath-records"},
    ),
    "CasepathScanToAiLate": late("scan to AI", "1800.0", 6, 90, 97),
    "CasepathScanToFiledLate": late("scan to filed", "600.0", 6, 90, 97),
    "CasepathOrderToSignedLate": late("order to signed", "172800.0", 120, 80, 95),
    "CasepathReadsWaiting": Watched(
        {f"casepath_reads_waiting{{{HERE}}}": "2x150"}, {f"casepath_reads_waiting{{{HERE}}}": "2x30 0x120"}, 150
    ),
    "CasepathModelDrifts": Watched(
        {f'casepath_inference_score_drift{{{HERE}, model="demo", version="1"}}': "0.3x90"},
        {f'casepath_inference_score_drift{{{HERE}, model="demo", version="1"}}': "0.1x90"},
        90,
        {"model": "demo", "version": "1"},
    ),
    "CasepathModelProcessEnds": Watched(
        {f'casepath_inference_processes_ended_total{{{HERE}, model="demo"}}': "0x10 1x5 2x5 4x10"},
        {f'casepath_inference_processes_ended_total{{{HERE}, model="demo"}}': "0x10 1x20"},
        30,
        {"model": "demo"},
    ),
}


@pytest.fixture(scope="session")
def rules() -> dict[str, Any]:
    (made,) = rendered("single-hospital").of("PrometheusRule")
    return dict(made["spec"])


def test_every_alert_is_tried(rules: dict[str, Any]) -> None:
    assert {one["alert"] for group in rules["groups"] for one in group["rules"]} == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_fires_where_something_is_wrong_and_only_there(name: str, rules: dict[str, Any], tmp_path: Path) -> None:
    (rule,) = [one for group in rules["groups"] for one in group["rules"] if one["alert"] == name]
    one = ALERTS[name]
    fired = {"exp_labels": {**rule["labels"], **one.labels}, "exp_annotations": rule["annotations"]}
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": series, "values": values} for series, values in shown.items()],
            "alert_rule_test": [{"eval_time": f"{one.minutes}m", "alertname": name, "exp_alerts": alerts}],
        }
        for shown, alerts in ((one.wrong, [fired]), (one.well, []))
    ]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    test = tmp_path / "test.yaml"
    every = f"{max(1, one.minutes // MOST_EVALUATIONS)}m"
    test.write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": every, "tests": tests}))
    ended = subprocess.run([PROMTOOL.built(), "test", "rules", str(test)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
