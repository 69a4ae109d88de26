"""The worklist at a million cases, asked over gRPC as the portal asks it."""

import asyncio
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import grpc

import examples
from casepath.cases.v1.cases_pb2 import (
    CASE_STATE_AI_FAILED,
    CASE_STATE_SIGNED,
    SLIDE_STATE_AI_FAILED,
    SLIDE_STATE_READY,
    SLIDE_STATE_WAITING_FOR_AI,
    SLIDE_STATE_WAITING_FOR_SCAN,
    SORT_DUE,
    SORT_NEWEST,
    Case,
    ListWorklistRequest,
    Relation,
    Slide,
)
from casepath.cases.v1.cases_pb2_grpc import CaseServiceStub, add_CaseServiceServicer_to_server
from casepath.intake.v1.order_pb2 import URGENCY_ASAP, URGENCY_ROUTINE, URGENCY_STAT
from cases.adapters.case_view import SqliteCaseView
from cases.queries import CaseQueries
from cases.working_time import WorkingTime
from chassis.access_log import AccessLog
from chassis.publisher import MemoryPublisher

CASES = int(os.environ.get("BENCH_CASES", "1000000"))
ROUNDS = 100
UNITS = [f"LAB-{number:02}" for number in range(40)]
URGENCIES = (URGENCY_ROUTINE, URGENCY_ROUTINE, URGENCY_ASAP, URGENCY_STAT)
STATES = (SLIDE_STATE_WAITING_FOR_SCAN, SLIDE_STATE_WAITING_FOR_AI, SLIDE_STATE_AI_FAILED, SLIDE_STATE_READY)
SYLLABLES = ("mar", "tin", "ber", "nard", "du", "rand", "pe", "tit", "le", "roy", "mo", "reau", "si", "mon", "lau", "rent")


def many_cases() -> Iterator[Case]:
    """Cases of every state, nine of ten signed, with names that begin alike and unlike."""
    rng = Random(4)
    slide, scored, failed, report = examples.ingested(), examples.scored(), examples.failed(), examples.report_signed()
    for number in range(CASES):
        order = examples.order(examples.NOON - timedelta(minutes=number))
        order.urgency = rng.choice(URGENCIES)
        order.accession = f"S26-{number:07}"
        order.unit = rng.choice(UNITS)
        order.patient.family_name = "".join(rng.choices(SYLLABLES, k=3)).title()
        order.patient.identifier = f"P{rng.randrange(CASES)}"
        case = Case(case_id=f"{number:08x}-0000-4000-8000-000000000000", order=order)
        kept = Slide(slide_id="A1", state=rng.choice(STATES))
        if kept.state != SLIDE_STATE_WAITING_FOR_SCAN:
            kept.ingested.CopyFrom(slide)
        if kept.state == SLIDE_STATE_AI_FAILED:
            kept.failed.CopyFrom(failed)
        if kept.state == SLIDE_STATE_READY:
            kept.scored.CopyFrom(scored)
        case.slides.append(kept)
        if rng.random() < 0.9:
            case.reports.append(report)
        elif rng.random() < 0.3:
            case.assignee.CopyFrom(examples.reader(rng.choice(["u1", "u2", "u3"])))
        yield case


EVERYBODY = Relation(user_id="u2", every_unit=True)
TWO_UNITS = Relation(user_id="u2", units=UNITS[:2])

ASKED = {
    "first page": ListWorklistRequest(relation=EVERYBODY),
    "by target": ListWorklistRequest(relation=EVERYBODY, sort=SORT_DUE),
    "newest": ListWorklistRequest(relation=EVERYBODY, sort=SORT_NEWEST),
    "AI failed alone": ListWorklistRequest(relation=EVERYBODY, states=[CASE_STATE_AI_FAILED]),
    "signed": ListWorklistRequest(relation=EVERYBODY, states=[CASE_STATE_SIGNED]),
    "mine": ListWorklistRequest(relation=EVERYBODY, assignee="u2"),
    "nobody's": ListWorklistRequest(relation=EVERYBODY, unassigned=True),
    "search of a name": ListWorklistRequest(relation=EVERYBODY, search="martin"),
    "search of an accession": ListWorklistRequest(
        relation=EVERYBODY, search="S26-0123456", states=[CASE_STATE_SIGNED, CASE_STATE_AI_FAILED]
    ),
    "of two units of forty": ListWorklistRequest(relation=TWO_UNITS),
    "signed, of two units": ListWorklistRequest(relation=TWO_UNITS, states=[CASE_STATE_SIGNED]),
    "a name, of two units": ListWorklistRequest(relation=TWO_UNITS, search="martin"),
    "search that all match": ListWorklistRequest(relation=EVERYBODY, search="S26"),
}


async def test_the_worklist_at_a_million_cases(tmp_path: Path) -> None:
    with closing(SqliteCaseView.at(tmp_path / "cases.sqlite", WorkingTime(ZoneInfo("Europe/Paris")))) as view:
        began = time.perf_counter()
        view.put_all(many_cases())
        size = (tmp_path / "cases.sqlite").stat().st_size / 1e9
        print(f"\n{CASES} cases written in {time.perf_counter() - began:.0f} s, {size:.1f} GB")
        server = grpc.aio.server()
        add_CaseServiceServicer_to_server(CaseQueries(view, asyncio.Event(), AccessLog(MemoryPublisher(), "cases")), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        everything: list[float] = []
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = CaseServiceStub(channel)
            for name, request in ASKED.items():
                taken = []
                for _ in range(ROUNDS):
                    began = time.perf_counter()
                    answer = await stub.ListWorklist(request)
                    taken.append((time.perf_counter() - began) * 1000)
                everything += taken
                p50, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[18]
                print(f"  {name:24} {len(answer.entries):3} cases  p50 {p50:7.1f} ms  p95 {p95:7.1f} ms")
        print(f"  all of them              p95 {statistics.quantiles(everything, n=20)[18]:.1f} ms")
        await server.stop(None)
