import pytest
from hypothesis import given
from hypothesis import strategies as st

import examples
from casepath.inference.v1.registry_pb2 import ModelEvaluated, ModelPublished, ModelStaged
from casepath.inference.v1.scoring_pb2 import (
    STAGE_CANARY,
    STAGE_CANDIDATE,
    STAGE_PRODUCTION,
    STAGE_RETIRED,
    STAGE_SHADOW,
    Model,
    Stage,
)
from chassis.errors import Malformed, NotFound
from inference.registry import Assignment, Line, configured, judged, promoted, rolled_back, share_of


def model(version: str) -> Model:
    return Model(name="demo", version=version, sha256=examples.ref(version).sha256)


def published(version: str) -> ModelPublished:
    one = examples.published()
    one.model.CopyFrom(model(version))
    return one


def promote(line: Line, version: str, to: Stage, percent: int = 0, who: str = "dubois", **how: ModelEvaluated | None) -> Line:
    evaluated = how.get("evaluated", examples.evaluated())
    return Line(line.name, (*line.log, promoted(line, published(version), evaluated, to, percent, who, "because")))


def begun() -> Line:
    return Line("demo", (configured(published("1")),))


def versions(line: Line, scan: str = examples.SCAN) -> list[tuple[str, Stage]]:
    return [(one.model.version, one.stage) for one in line.assignments(scan)]


def test_the_configured_version_reads_until_another_is_promoted() -> None:
    line = begun()
    assert line.assignments(examples.SCAN) == [Assignment(model("1"), STAGE_PRODUCTION)]
    line = promote(line, "2", STAGE_PRODUCTION)
    assert versions(line) == [("2", STAGE_PRODUCTION)]
    assert line.stage_of("1") == STAGE_RETIRED
    assert line.stage_of("3") == STAGE_CANDIDATE


def test_a_version_in_shadow_reads_beside_and_never_instead() -> None:
    line = promote(begun(), "2", STAGE_SHADOW)
    assert versions(line) == [("1", STAGE_PRODUCTION), ("2", STAGE_SHADOW)]


@given(st.uuids().map(str))
def test_a_canary_reads_its_share_and_the_same_scan_is_read_by_the_same_version(scan: str) -> None:
    line = promote(begun(), "2", STAGE_CANARY, 30)
    expected = ("2", STAGE_CANARY) if share_of("demo", scan) < 30 else ("1", STAGE_PRODUCTION)
    assert versions(line, scan) == [expected] == versions(line, scan)


def test_shares_are_even() -> None:
    found = [share_of("demo", str(number)) for number in range(10_000)]
    assert 0.27 < sum(one < 30 for one in found) / len(found) < 0.33


@pytest.mark.parametrize("to", [STAGE_CANARY, STAGE_PRODUCTION])
def test_care_needs_an_evaluation_that_passed_and_a_second_person(to: Stage) -> None:
    percent = 10 if to == STAGE_CANARY else 0
    with pytest.raises(Malformed, match="not evaluated here"):
        promote(begun(), "2", to, percent, evaluated=None)
    with pytest.raises(Malformed, match="did not pass"):
        promote(begun(), "2", to, percent, evaluated=examples.evaluated(passed=False))
    with pytest.raises(Malformed, match="second person"):
        promote(begun(), "2", to, percent, who="robert")


def test_what_reads_for_nobodys_care_needs_neither() -> None:
    assert promote(begun(), "2", STAGE_SHADOW, who="robert", evaluated=None).stage_of("2") == STAGE_SHADOW


def test_the_version_in_production_is_replaced_and_never_just_taken_away() -> None:
    for to in (STAGE_RETIRED, STAGE_SHADOW):
        with pytest.raises(Malformed):
            promote(begun(), "1", to)


def test_two_canaries_at_once_are_refused() -> None:
    line = promote(begun(), "2", STAGE_CANARY, 10)
    with pytest.raises(Malformed, match="another version is the canary"):
        promote(line, "3", STAGE_CANARY, 10)
    assert promote(line, "2", STAGE_CANARY, 50).stages()["2"].canary_percent == 50


@pytest.mark.parametrize(("to", "percent"), [(STAGE_CANARY, 0), (STAGE_PRODUCTION, 10), (STAGE_SHADOW, 1)])
def test_a_canary_alone_has_a_share(to: Stage, percent: int) -> None:
    with pytest.raises(Malformed, match="percentage"):
        promote(begun(), "2", to, percent)


def rollback(line: Line) -> Line:
    return Line(line.name, (*line.log, rolled_back(line, "dubois", "worse")))


def test_a_rollback_puts_back_what_was_there_before_each_time_one_further() -> None:
    line = promote(promote(begun(), "2", STAGE_PRODUCTION), "3", STAGE_PRODUCTION)
    line = rollback(line)
    assert (versions(line), line.stage_of("3")) == ([("2", STAGE_PRODUCTION)], STAGE_RETIRED)
    line = rollback(line)
    assert (versions(line), line.stage_of("2")) == ([("1", STAGE_PRODUCTION)], STAGE_RETIRED)
    with pytest.raises(NotFound):
        rollback(line)


@given(st.lists(st.tuples(st.sampled_from("1234"), st.sampled_from(list(Stage.values())[2:])), max_size=12))
def test_whatever_is_asked_one_version_reads_each_slide_for_care(asked: list[tuple[str, Stage]]) -> None:
    line = begun()
    for version, to in asked:
        try:
            line = promote(line, version, to, 20 if to == STAGE_CANARY else 0)
        except Malformed:
            continue
    for scan in ("a", "b", "c"):
        care = [one for one in line.assignments(scan) if one.stage in (STAGE_PRODUCTION, STAGE_CANARY)]
        assert len(care) == 1
    assert len(line.of_stage(STAGE_PRODUCTION)) == 1


@pytest.mark.parametrize(
    ("auc", "production", "reason"),
    [
        (0.9, None, ""),
        (0.59, None, "at least 0.600"),
        (None, None, "one class alone"),
        (0.89, 0.9, ""),
        (0.87, 0.9, "the version in production has 0.900"),
        (0.95, 0.9, ""),
    ],
)
def test_an_evaluation_passes_by_itself_and_beside_the_version_in_production(
    auc: float | None, production: float | None, reason: str
) -> None:
    other = None if production is None else examples.evaluated(production)
    found = judged(examples.evaluated(auc), 0.6, other, 0.02)
    assert reason in found.reason
    assert found.passed is (not reason)


def test_who_answers_for_a_stage_and_why_is_kept() -> None:
    staged: ModelStaged = promote(begun(), "2", STAGE_PRODUCTION).log[-1]
    assert (staged.approver, staged.reason, staged.replaces) == ("dubois", "because", "1")
