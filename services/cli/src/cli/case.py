"""`casepath case`: cases as assembled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click
from google.protobuf.json_format import MessageToJson
from opentelemetry.instrumentation.grpc import aio_client_interceptors
from rich.console import Console
from rich.table import Table

from casepath.cases.v1.cases_pb2 import Case, GetCaseRequest, ListCasesRequest, SlideState, WatchCaseRequest
from casepath.cases.v1.cases_pb2_grpc import CaseServiceStub
from chassis.calls import Identity, connected
from chassis.grpc_errors import answers_of
from cli.platform import asynchronous, cases_option

if TYPE_CHECKING:
    from casepath.cases.v1.cases_pb2_grpc import CaseServiceAsyncStub

TIMEOUT = 10.0


@click.group()
def case() -> None:
    """Cases as assembled from every event."""


@case.command()
@click.argument("case_id")
@click.option("--json", "as_json", is_flag=True, help="Print the whole case as protobuf JSON.")
@cases_option
@asynchronous
async def show(case_id: str, as_json: bool, cases: str, identity: Identity | None) -> None:
    """Show one case: its slides, samples, what is filed, and its timeline."""
    async with asking(cases, identity) as stub:
        found = (await stub.GetCase(GetCaseRequest(case_id=case_id), timeout=TIMEOUT)).case
    if as_json:
        click.echo(MessageToJson(found))
    else:
        Console().print(overview(found), timeline(found))


@case.command("list")
@cases_option
@asynchronous
async def list_(cases: str, identity: Identity | None) -> None:
    """List every case, a line each."""
    async with asking(cases, identity) as stub:
        token = ""
        while True:
            page = await stub.ListCases(ListCasesRequest(page_size=500, page_token=token), timeout=TIMEOUT)
            for found in page.cases:
                click.echo(f"{found.case_id}  {len(found.slides)} slides  {len(found.samples)} samples  {len(found.filed)} filed")
            token = page.next_page_token
            if not token:
                return


@case.command()
@click.argument("case_id")
@cases_option
@asynchronous
async def watch(case_id: str, cases: str, identity: Identity | None) -> None:
    """Print what happens in a case, as it happens, until interrupted."""
    printed: set[str] = set()
    async with asking(cases, identity) as stub:
        async for answer in stub.WatchCase(WatchCaseRequest(case_id=case_id)):
            for moment in answer.case.timeline:
                if moment.event_id not in printed:
                    printed.add(moment.event_id)
                    click.echo(f"{moment.time.ToDatetime().isoformat(timespec='milliseconds')}Z  {moment.type}")


@asynccontextmanager
async def asking(address: str, identity: Identity | None) -> AsyncIterator["CaseServiceAsyncStub"]:
    """A stub whose refusals are errors of ours."""
    async with connected(address, "cases", identity, aio_client_interceptors()) as channel:
        with answers_of(f"cases at {address}"):
            yield CaseServiceStub(channel)


def overview(found: Case) -> Table:
    table = Table(title=f"Case {found.case_id}", title_justify="left", show_header=True)
    for column in ("what", "state", "detail"):
        table.add_column(column)
    for slide in found.slides:
        state = SlideState.Name(slide.state).removeprefix("SLIDE_STATE_").replace("_", " ").lower()
        detail = f"AI score {slide.scored.score:.3f} on {slide.scored.provider}" if slide.HasField("scored") else ""
        table.add_row(f"slide {slide.slide_id}", state, detail)
    for sample in found.samples:
        called = sample.called.quality
        state = "called" if sample.HasField("called") else "received"
        table.add_row(
            f"sample {sample.sample_id}", state, f"{called.snps} SNPs, {called.indels} indels" if state == "called" else ""
        )
    for kind in sorted({entry.kind for entry in found.filed}):
        table.add_row(kind, "filed", str(sum(entry.kind == kind for entry in found.filed)))
    return table


def timeline(found: Case) -> Table:
    table = Table(title="Timeline (UTC)", title_justify="left")
    table.add_column("time")
    table.add_column("event", no_wrap=True)
    for moment in found.timeline:
        table.add_row(moment.time.ToDatetime().isoformat(" ", "milliseconds"), moment.type)
    return table
