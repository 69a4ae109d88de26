"""The hospital's day in small: one patient, one slide, one sequencing, one set of genotypes, until all is in the record."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import UUID

import grpc
from rich.console import Console

from casepath.cases.v1.cases_pb2 import SLIDE_STATE_AI_FAILED, SLIDE_STATE_READY, Case, WatchCaseRequest
from casepath.cases.v1.cases_pb2_grpc import CaseServiceStub
from chassis.calls import connected
from chassis.errors import Rejected, Unavailable
from cli.case import overview, timeline
from embedded import samples
from embedded.hospital import Visit, genotype, scan, send, sequence, visit_now
from embedded.platform import Home
from embedded.ports import Ports
from embedded.programs import operator_of
from embedded.reading_back import Archived, archived, differences

SHOWN_OF_A_KIND = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """A step that the case shows: its name, whether it is done, and what to say of it then."""

    name: str
    done: Callable[[Case], bool]
    detail: Callable[[Case], str]


def kinds_filed(case: Case, kind: str) -> int:
    return sum(entry.kind == kind for entry in case.filed)


def instances(case: Case) -> int:
    return sum(len(slide.ingested.instances) for slide in case.slides)


STAGES = (
    Stage("order assembled", lambda c: c.HasField("order"), lambda c: f"{len(c.order.services)} examinations"),
    Stage(
        "slide digitised",
        lambda c: any(slide.HasField("ingested") for slide in c.slides),
        lambda c: f"{instances(c)} DICOM instances, not re-encoded",
    ),
    Stage(
        "slide read by AI",
        lambda c: any(slide.state in (SLIDE_STATE_READY, SLIDE_STATE_AI_FAILED) for slide in c.slides),
        lambda c: "; ".join(
            f"score {slide.scored.score:.3f}, {slide.scored.tiles} tiles"
            if slide.HasField("scored")
            else "FAILED, which says nothing about the slide"
            for slide in c.slides
        ),
    ),
    Stage(
        "reads received",
        lambda c: any(sample.HasField("received") for sample in c.samples),
        lambda c: f"{sum(sample.received.pairs for sample in c.samples)} pairs",
    ),
    Stage(
        "variants called",
        lambda c: any(sample.HasField("called") for sample in c.samples),
        lambda c: "; ".join(
            f"{s.called.quality.snps} SNPs, {s.called.quality.indels} indels" for s in c.samples if s.HasField("called")
        ),
    ),
    Stage(
        "genes and medicines",
        lambda c: any(sample.HasField("reported") for sample in c.samples),
        lambda c: "; ".join(
            f"another dose, medicine or precaution for {len(s.reported.changed_drugs)} drugs"
            for s in c.samples
            if s.HasField("reported")
        ),
    ),
    Stage(
        "all filed in the record",
        lambda c: kinds_filed(c, "DiagnosticReport") >= 3 and kinds_filed(c, "Instance") >= instances(c) > 0,
        lambda c: f"{len(c.filed)} objects",
    ),
)


async def run_demo(home: Home, ports: Ports, console: Console, seconds: float) -> tuple[Case, Archived]:
    """One visit, from its first message to the record. Raise a CasepathError that says where it stopped."""
    visit = visit_now(UUID(home.namespace()))
    began = time.monotonic()

    def tell(text: str, detail: str) -> None:
        console.print(f"[green]✔[/green] {text:26} [dim]{time.monotonic() - began:6.1f} s[/dim]  {detail}", highlight=False)

    await send(ports["mllp"], [visit.registration(), visit.order()])
    tell("patient and order sent", f"{visit.accession}, acknowledged AA")
    scan(visit, samples.SLIDE, home.scanner)
    tell("slide dropped", f"{samples.SLIDE.stat().st_size / 1e6:.1f} MB from the scanner")
    sequence(visit, samples.READS, home.sequencer)
    tell("reads dropped", f"{sum(path.stat().st_size for path in samples.READS) / 1e6:.1f} MB from the sequencer")
    genotype(visit, samples.GENOTYPES, samples.OUTSIDE_CALLS, home.sequencer)
    tell("genotypes dropped", "from another laboratory, for their medicines")
    waiting = list(STAGES)
    with console.status("waiting for the case") as status:
        try:
            async with asyncio.timeout(seconds):
                async for case in watched(visit.case_id, home, ports):
                    for stage in [stage for stage in waiting if stage.done(case)]:
                        waiting.remove(stage)
                        tell(stage.name, stage.detail(case))
                    if not waiting:
                        break
                    status.update(f"waiting for: {waiting[0].name}" + (f", and {len(waiting) - 1} more" if waiting[1:] else ""))
        except TimeoutError:
            raise Unavailable(stuck(home, visit, [stage.name for stage in waiting], seconds)) from None
    found = await archived(case, home.folder, ports)
    if wrong := differences(case, found):
        raise Rejected("the record is not what the case says:\n  " + "\n  ".join(wrong))
    tell(
        "read back from the record",
        f"{len(found.resources)} FHIR, {len(found.instances)} DICOM objects, as filed",
    )
    return case, found


async def watched(case_id: str, home: Home, ports: Ports) -> AsyncIterator[Case]:
    """The case at each change, over restarts of the service that is asked."""
    while True:
        async with connected(f"127.0.0.1:{ports['cases']}", "cases", operator_of(home.folder)) as channel:
            try:
                async for answer in CaseServiceStub(channel).WatchCase(WatchCaseRequest(case_id=case_id)):
                    yield answer.case
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.5)


def stuck(home: Home, visit: Visit, missing: list[str], seconds: float) -> str:
    said = [f"after {seconds:.0f} s the case {visit.case_id} still waits for: {', '.join(missing)}."]
    for reason in (*home.scanner.glob("quarantine/*/reason.json"), *home.sequencer.glob("quarantine/*/reason.json")):
        found = json.loads(reason.read_text())
        said.append(f"Set aside in {reason.parent}: {found['reason']}. {found['remedy']['en']}")
    said.append(f"Logs: {home.folder / 'logs'}. Dead letters: casepath dlq list.")
    return "\n".join(said)


def show(case: Case, ports: Ports, console: Console) -> None:
    """The case, its timeline, and where each filed object can be opened."""
    console.print()
    console.print(overview(case), timeline(case))
    console.print("The AI score shows that the path works, no more: the demonstration model knows lymph nodes alone.")
    console.print("\nOpen it at", style="bold")
    portal = f"http://127.0.0.1:{ports['portal']}/cases/{case.case_id}"
    console.print(f"  {portal}  (names and passwords: access/passwords.txt in its home)", highlight=False, soft_wrap=True)
    fhir, orthanc = f"http://127.0.0.1:{ports['fhir']}/fhir", f"http://127.0.0.1:{ports['orthanc']}"
    for kind in sorted({entry.kind for entry in case.filed} - {"Instance"}):
        entries = [entry for entry in case.filed if entry.kind == kind]
        for entry in entries[:SHOWN_OF_A_KIND]:
            console.print(f"  {fhir}/{kind}/{entry.identifier}", highlight=False, soft_wrap=True)
        if entries[SHOWN_OF_A_KIND:]:
            console.print(f"  and {len(entries) - SHOWN_OF_A_KIND} more of {kind}", highlight=False)
    for uid in sorted({slide.ingested.study_instance_uid for slide in case.slides}):
        console.print(f"  {orthanc}/dicom-web/studies/{uid}/series", highlight=False, soft_wrap=True)
    console.print(
        f"  {orthanc}/app/explorer.html  (name and password: orthanc/orthanc.json in its home)", highlight=False, soft_wrap=True
    )
