"""The page on which an auditor sees who had to do with which case."""

import asyncio
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from starlette.requests import Request
from starlette.responses import Response

from casepath.audit.v1.audit_pb2 import Action, LedgerEntry, Outcome
from casepath.audit.v1.ledger_pb2 import ListLinesRequest
from casepath.cases.v1.cases_pb2 import Case
from chassis.access_log import case_entry, patient_entry, saw
from chassis.errors import Malformed, NotFound
from chassis.identity import case_id
from portal.desk import Desk, form_of, render
from portal.people import Person
from portal.presenting import short

KINDS = ("for_a_purpose", "refused", "all")
PAGE = 50


class LedgerPage:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def whole(self, request: Request, person: Person) -> Response:
        """What was opened for a reason, until something else is asked for."""
        return await self.rendered(request, person, {})

    async def asked(self, request: Request, person: Person) -> Response:
        """What is asked for comes in the body: an accession is nobody else's to read."""
        return await self.rendered(request, person, await form_of(request))

    async def rendered(self, request: Request, person: Person, form: dict[str, str]) -> Response:
        wanted = {
            "kind": KINDS[0],
            "accession": "",
            "user": "",
            "since": "",
            "until": "",
            "after": "",
            "whole_patient": "",
            **form,
        }
        answer = await self.desk.ledger.lines(await self.request(request, wanted))
        cases = await self.cases(line_case(line) for line in answer.lines)
        # Accessions are shown, and nothing else of a case.
        saw(request, *(case_entry(name) for name in cases))
        return render(
            request,
            "ledger.html",
            person=person,
            wanted=wanted,
            kinds=KINDS,
            lines=answer.lines,
            after=answer.next_page_token,
            accession_of=lambda line: cases[line_case(line)].order.accession if line_case(line) in cases else "",
            name_of=self.name_of,
            action_name=lambda line: short(Action, line.access.action),
            outcome_name=lambda line: short(Outcome, line.access.outcome),
        )

    async def request(self, request: Request, wanted: dict[str, str]) -> ListLinesRequest:
        if wanted["kind"] not in KINDS:
            raise Malformed("the ledger has no such filter")
        made = ListLinesRequest(
            user_id=wanted["user"].strip(),
            refused=wanted["kind"] == "refused",
            for_a_purpose=wanted["kind"] == "for_a_purpose",
            page_size=PAGE,
            page_token=wanted["after"],
        )
        if wanted["since"]:
            made.since.FromDatetime(midnight(wanted["since"]))
        if wanted["until"]:
            made.until.FromDatetime(midnight(wanted["until"], days=1))
        if accession := wanted["accession"].strip():
            name = case_id(self.desk.namespace, accession)
            made.of.CopyFrom(case_entry(name))
            if wanted["whole_patient"]:
                case = await self.desk.cases.get(name)
                made.of.CopyFrom(patient_entry(case.order.patient.patient_id))
                saw(request, made.of)
        return made

    async def cases(self, names: Iterable[str]) -> dict[str, Case]:
        """By id, those that are known."""

        async def known(name: str) -> Case | None:
            try:
                return await self.desk.cases.get(name)
            except NotFound:
                return None

        wanted = sorted(set(names) - {""})
        found = await asyncio.gather(*map(known, wanted))
        return {name: case for name, case in zip(wanted, found, strict=True) if case is not None}

    def name_of(self, line: LedgerEntry) -> str:
        account = self.desk.door.staff.named(line.access.agent.user_id)
        return account.full_name if account is not None else ""


def line_case(line: LedgerEntry) -> str:
    """The one case that a line is of; empty where it is of none, or of many."""
    named = {one.identifier for one in line.access.entries if one.kind == "Case"}
    return named.pop() if len(named) == 1 else ""


def midnight(text: str, days: int = 0) -> datetime:
    """At which a day begins, in the machine's own zone, or so many days later. Raise Malformed where it is none."""
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time()).astimezone()
    except (ValueError, OverflowError):
        raise Malformed("a day is YYYY-MM-DD") from None
