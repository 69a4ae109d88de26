"""The worklist: what it holds, in which order, whichever store keeps it."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from unit.cases.conftest import PARIS

import examples
from casepath.cases.v1.cases_pb2 import (
    CASE_STATE_AI_FAILED,
    CASE_STATE_CALLED_OFF,
    CASE_STATE_IN_READING,
    CASE_STATE_NO_SLIDES,
    CASE_STATE_READY,
    CASE_STATE_SIGNED,
    CASE_STATE_WAITING_FOR_AI,
    CASE_STATE_WAITING_FOR_SCAN,
    REASON_AI_FAILED,
    REASON_AI_FINDINGS,
    REASON_BLURRED,
    REASON_REPORT_WITHDRAWN,
    REASON_UNEXAMINED,
    SORT_DUE,
    SORT_NEWEST,
    SORT_UNSPECIFIED,
    Case,
    CaseState,
)
from casepath.intake.v1.order_pb2 import URGENCY_ROUTINE, URGENCY_STAT, OrderPlaced, Urgency
from casepath.slides.v1.slide_pb2 import QUALITY_FLAG_BLURRED
from casepath.topics import BY_NAME
from cases.adapters.case_view import CaseView, MemoryCaseView, Related, SqliteCaseView, Wanted
from cases.handlers import folded
from cases.worklist import entry


def case_of(*events: object) -> Case:
    case = None
    topics = {topic.message: name for name, topic in BY_NAME.items()}
    for number, event in enumerate(events):
        case = folded(case, examples.envelope(topics[type(event)], str(number)), event)  # type: ignore[arg-type, index]
    assert case is not None
    return case


def one_slide_order(**changes: object) -> OrderPlaced:
    order = examples.order()
    del order.services[0].specimens[0].containers[1:]
    order.MergeFrom(OrderPlaced(**changes))  # type: ignore[arg-type]
    return order


def called_off(services: int = 2) -> OrderPlaced:
    order = one_slide_order()
    order.recorded_at.FromDatetime(examples.NOON + timedelta(hours=1))
    for service in order.services[-services:]:
        service.called_off = True
    return order


def blurred() -> object:
    slide = examples.ingested()
    slide.quality.flags.append(QUALITY_FLAG_BLURRED)
    return slide


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([one_slide_order()], CASE_STATE_WAITING_FOR_SCAN),
        ([one_slide_order(), examples.ingested()], CASE_STATE_WAITING_FOR_AI),
        ([one_slide_order(), examples.ingested(), examples.scored()], CASE_STATE_READY),
        ([one_slide_order(), examples.ingested(), examples.failed()], CASE_STATE_AI_FAILED),
        ([examples.order(), examples.ingested(), examples.scored()], CASE_STATE_WAITING_FOR_SCAN),
        ([one_slide_order(), examples.ingested(), examples.reading_begun()], CASE_STATE_IN_READING),
        ([one_slide_order(), examples.ingested(), examples.report_signed()], CASE_STATE_SIGNED),
        ([one_slide_order(), examples.report_signed(), examples.report_withdrawn(2)], CASE_STATE_WAITING_FOR_SCAN),
        (
            [one_slide_order(), examples.report_signed(), examples.report_withdrawn(2), examples.report_signed(3)],
            CASE_STATE_SIGNED,
        ),
        ([examples.reads_received()], CASE_STATE_NO_SLIDES),
        ([one_slide_order(), examples.ingested(), called_off()], CASE_STATE_CALLED_OFF),
        ([one_slide_order(), examples.reading_begun(), called_off()], CASE_STATE_CALLED_OFF),
        ([one_slide_order(), examples.report_signed(), called_off()], CASE_STATE_SIGNED),
        ([one_slide_order(), examples.ingested(), called_off(1)], CASE_STATE_WAITING_FOR_AI),
    ],
)
def test_the_state_of_a_case_is_that_of_what_it_waits_for(events: list[object], state: CaseState) -> None:
    assert entry(case_of(*events), PARIS).state == state


def test_what_a_person_could_miss_comes_before_what_nobody_examined() -> None:
    found = entry(
        case_of(
            examples.order(),
            examples.ingested(),
            examples.scored(),
            examples.ingested("A2", examples.RUN),
            examples.failed("A2", examples.RUN),
        ),
        PARIS,
    )
    assert [one.reason for one in found.attention] == [REASON_AI_FINDINGS, REASON_UNEXAMINED, REASON_AI_FAILED]
    assert found.priority == 3


def test_a_case_whose_report_was_withdrawn_comes_first_until_it_is_signed_again() -> None:
    events = [one_slide_order(), examples.ingested(), examples.scored(), examples.report_signed(), examples.report_withdrawn(2)]
    found = entry(case_of(*events), PARIS)
    assert found.attention[0].reason == REASON_REPORT_WITHDRAWN
    assert found.priority == 3
    signed = entry(case_of(*events, examples.report_signed(3)), PARIS)
    assert REASON_REPORT_WITHDRAWN not in [one.reason for one in signed.attention]


def test_a_blurred_scan_is_flagged_at_once_before_any_ai() -> None:
    found = entry(case_of(one_slide_order(), blurred()), PARIS)
    assert [one.reason for one in found.attention] == [REASON_BLURRED]
    assert found.priority == 2


def test_what_is_called_off_is_not_shown_as_asked_for() -> None:
    assert entry(case_of(one_slide_order(), called_off(1)), PARIS).examination == "Surgical pathology study"


@pytest.mark.parametrize(
    ("urgency", "ordered", "due"),
    [
        (URGENCY_ROUTINE, "2026-11-23T09:00", "2026-11-26T09:00"),
        (URGENCY_ROUTINE, "2026-11-27T16:00", "2026-12-02T16:00"),
        (URGENCY_STAT, "2026-11-27T22:00", "2026-11-28T02:00"),
    ],
)
def test_a_routine_report_is_due_in_working_days_and_an_urgent_one_by_the_clock(urgency: Urgency, ordered: str, due: str) -> None:
    order = one_slide_order(urgency=urgency)
    order.recorded_at.FromDatetime(datetime.fromisoformat(f"{ordered}+01:00"))
    assert entry(case_of(order), PARIS).due_at.ToDatetime(UTC) == datetime.fromisoformat(f"{due}+01:00")


def various(count: int) -> list[Case]:
    rng = Random(4)
    ai: list[Callable[[], object]] = [examples.scored, examples.failed]
    made = []
    for number in range(count):
        order = one_slide_order(urgency=rng.choice([0, 1, 2, 3]))
        order.case_id = f"{number:08}-0000-4000-8000-000000000000"
        order.accession = f"S26-{number:04}"
        order.unit = rng.choice(["LAB", "LAB-SUD", "", "LAB-NORD"])
        order.patient.family_name = rng.choice(["Exemple", "Durand", "Éluard", "O'Neil"])
        order.recorded_at.FromDatetime(examples.NOON + timedelta(minutes=rng.randrange(5)))
        events: list[object] = [order]
        for make in [
            examples.ingested,
            rng.choice(ai),
            examples.reading_begun,
            examples.report_signed,
        ]:
            if rng.random() < 0.3:
                break
            events.append(make())
        case = case_of(*events)
        case.case_id = order.case_id
        if rng.random() < 0.3:
            case.assignee.CopyFrom(examples.reader("u2"))
        made.append(case)
    return made


WANTED = [
    Wanted(),
    Wanted(sort=SORT_DUE),
    Wanted(sort=SORT_NEWEST),
    Wanted(states=(CASE_STATE_SIGNED,)),
    Wanted(states=(CASE_STATE_READY, CASE_STATE_AI_FAILED), assignee="u2"),
    Wanted(assignee=""),
    Wanted(search="exem"),
    Wanted(search="s26-00 dur"),
    Wanted(search="nobody"),
    Wanted(search='"* OR x NEAR('),
    Wanted(states=()),
    Wanted(relation=Related("u2", ("LAB", "LAB-NORD"))),
    Wanted(relation=Related("u2", ("LAB-SUD",)), sort=SORT_NEWEST),
    Wanted(relation=Related("u2", ("LAB",)), search="exem"),
    Wanted(relation=Related("u2", ("LAB",)), assignee=""),
    Wanted(relation=Related("u2", ("LAB",)), assignee="u2"),
    Wanted(relation=Related("u2", ())),
    Wanted(relation=Related("u3", ())),
]


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_both_stores_give_the_same_worklist_page_by_page(wanted: Wanted, tmp_path: Path) -> None:
    plain = MemoryCaseView(PARIS)
    with closing(SqliteCaseView.at(tmp_path / "cases.sqlite", PARIS)) as kept:
        for case in various(60):
            plain.put(case)
            kept.put(case)
        pages: list[list[str]] = [[], []]
        views: list[CaseView] = [plain, kept]
        for number, view in enumerate(views):
            after = ""
            while True:
                page = view.worklist(replace(wanted, size=7, after=after))
                pages[number] += [one.case_id for one in page.entries]
                after = page.end
                if not after:
                    break
        assert pages[0] == pages[1]
        assert len(set(pages[0])) == len(pages[0])
        assert plain.counts() == kept.counts()
        assert plain.counts(wanted.relation) == kept.counts(wanted.relation)
        assert all(wanted.relation.to(one.unit, one.assignee.user_id) for one in page.entries)
        for number in range(60):
            accession = f"S26-{number:04}"
            assert plain.elsewhere(wanted.relation, accession) == kept.elsewhere(wanted.relation, accession)


def test_a_case_that_goes_to_another_unit_is_seen_and_counted_there(view: CaseView) -> None:
    order = one_slide_order()
    view.put(case_of(order))
    order.unit = "LAB-SUD"
    order.recorded_at.FromDatetime(examples.NOON + timedelta(minutes=1))
    view.put(case_of(one_slide_order(), order))
    before, now = Related("u2", (examples.UNIT,)), Related("u2", ("LAB-SUD",))
    assert (view.counts(before), view.counts(now)) == ({}, {CASE_STATE_WAITING_FOR_SCAN: 1})
    assert (len(view.worklist(Wanted(relation=before)).entries), len(view.worklist(Wanted(relation=now)).entries)) == (0, 1)
    assert view.elsewhere(before, examples.ACCESSION) == [examples.CASE]
    assert view.elsewhere(now, examples.ACCESSION) == []


def test_a_case_whose_order_names_no_unit_is_nobodys_but_of_who_sees_every_unit(view: CaseView) -> None:
    view.put(case_of(examples.ingested()))
    states = (CASE_STATE_WAITING_FOR_AI,)
    assert view.worklist(Wanted(states, relation=Related("u2", ("LAB",)))).entries == []
    assert view.worklist(Wanted(states, relation=Related("u2", ()))).entries == []
    assert len(view.worklist(Wanted(states, relation=Related("u2"))).entries) == 1


def test_a_case_that_moves_on_is_counted_where_it_is(view: CaseView) -> None:
    view.put(case_of(one_slide_order()))
    before = view.revision()
    view.put(case_of(one_slide_order(), examples.ingested()))
    assert view.counts() == {CASE_STATE_WAITING_FOR_AI: 1}
    assert view.revision() > before


def test_a_repeat_is_no_change(view: CaseView) -> None:
    view.put(case_of(one_slide_order()))
    before, changed = view.revision(), view.changed
    view.put(case_of(one_slide_order()))
    assert view.revision() == before
    assert view.changed is changed


def test_a_patient_is_found_by_a_corrected_name_without_accents(tmp_path: Path) -> None:
    with closing(SqliteCaseView.at(tmp_path / "cases.sqlite", PARIS)) as view:
        order = one_slide_order()
        view.put(case_of(order))
        order.patient.family_name = "Éluard"
        order.recorded_at.FromDatetime(examples.NOON + timedelta(minutes=1))
        view.put(case_of(one_slide_order(), order))
        assert len(view.worklist(Wanted(search="elua")).entries) == 1
        assert view.worklist(Wanted(search="exempl")).entries == []


def test_a_view_of_another_version_is_made_anew(tmp_path: Path) -> None:
    import sqlite3

    with closing(sqlite3.connect(tmp_path / "cases.sqlite")) as old:
        old.execute("CREATE TABLE cases (case_id TEXT PRIMARY KEY, body BLOB)")
    with closing(SqliteCaseView.at(tmp_path / "cases.sqlite", PARIS)) as view:
        view.put(case_of(one_slide_order()))
        assert view.worklist(Wanted(sort=SORT_UNSPECIFIED)).entries[0].accession == examples.ACCESSION


def test_a_case_that_is_removed_is_not_found_counted_or_listed(view: CaseView) -> None:
    one, other = (
        case_of(one_slide_order()),
        case_of(one_slide_order(case_id="11111111-2222-4333-8444-555555555555", accession="S2")),
    )
    view.put_all([one, other])
    before = view.revision()
    view.remove(one.case_id)
    view.remove(one.case_id)
    assert view.get(one.case_id) is None
    assert [found.case_id for found in view.worklist(Wanted()).entries] == [other.case_id]
    assert sum(view.counts().values()) == 1
    assert not view.worklist(Wanted(search=one.order.accession)).entries
    assert view.revision() == before + 1


def test_of_a_case_that_is_removed_no_byte_is_left_in_the_file(tmp_path: Path) -> None:
    names = ["Zyxwvut", "Qponmlk"]
    with closing(SqliteCaseView.at(tmp_path / "cases.sqlite", PARIS)) as view:
        for number in range(50):
            case = case_of(one_slide_order(case_id=f"11111111-2222-4333-8444-{number:012}", accession=f"S{number}"))
            case.order.patient.family_name = names[number == 20]
            view.put(case)
        view.remove("11111111-2222-4333-8444-000000000020")
        contents = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert names[0].encode() in contents
    assert names[1].encode() not in contents
    assert names[1].lower().encode() not in contents
