"""What care learns, back into care, twice around: on a running platform, by the doors that its people have.

Slides of made patients are read; a pathologist accepts and rejects what the model points at; that is released, and a study on it
granted by two offices; what its opened workspace tells fits a candidate; the registry judges it on the hospital's own tiles, and
who is no worse goes by shadow and canary into production, where it reads the next patients' slides.
"""

import asyncio
import json
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import duckdb
import httpx
import numpy as np
import pytest

from casepath.inference.v1.scoring_pb2 import Finding
from casepath.topics import INFERENCE_SHADOW_SCORED
from composed import composed
from conftest import Platform
from e2e.conftest import enter, new_visit, once
from e2e.test_models import BUNDLE, NAME, casepath
from e2e.test_reconcile import archives
from embedded.hospital import scan, send
from embedded.programs import REPOSITORY, Program
from hub.adapters.warehouse import Warehouse
from kafka.broker import records_on
from tile_mosaic import Pixels, pixels, write_mosaic
from waiting import eventually, eventually_async

TILES = REPOSITORY / "services/inference/training/tiles"
# Of a slide that the first version was not trained on.
UNSEEN = "tumor_073"
CLASSES = ("tumor", "normal")
# As few as a study gives anything of.
PERSONS = 5
AROUND = 2
EVALUATION = "evaluation"
TURNS = 4
# Tiles lie apart, so that each that the model points at is a finding of its own.
APART = 2
TABLES = ("measurement", "image_occurrence")
SECONDS = 180.0


def unseen(label: str) -> list[Path]:
    return sorted((TILES / label).glob(f"{UNSEEN}_*.png"))


def evaluation_set(folder: Path) -> Path:
    """The hospital's own: of what no patient here has."""
    for label in CLASSES:
        (folder / label).mkdir(parents=True)
        for path in unseen(label)[AROUND * PERSONS :]:
            shutil.copy(path, folder / label)
    return folder


def slide_of(number: int, folder: Path) -> Path:
    """One tile of tumour in its four turns, and below it one without in its four."""
    rows: list[list[Pixels | None]] = []
    for label in CLASSES:
        tile = pixels(unseen(label)[number])
        turned = [np.rot90(tile, turn) for turn in range(TURNS)]
        rows += [[one for each in turned for one in (each, None)], [None] * (APART * TURNS)]
    return write_mosaic(rows, folder / f"{number}.tiff")


def is_tumour(finding: Finding) -> bool:
    """What a pathologist sees there."""
    assert (finding.columns, finding.rows) == (1, 1)
    return CLASSES[finding.row // APART] == "tumor"


@dataclass(frozen=True, slots=True)
class People:
    """Of the demonstration's accounts, each signed in."""

    clients: dict[str, httpx.AsyncClient]

    async def post(self, who: str, path: str, **fields: str) -> httpx.Response:
        answer = await self.clients[who].post(path, data=fields)
        assert answer.status_code < 400, answer.text
        return answer


def portal_client(base: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=base, headers={"Origin": base}, timeout=SECONDS, follow_redirects=True)


@asynccontextmanager
async def signed_in(platform: Platform, *names: str) -> AsyncIterator[People]:
    base = f"http://127.0.0.1:{platform.ports['portal']}"
    people = People({name: portal_client(base) for name in names})
    for name, client in people.clients.items():
        await enter(client, platform, name)
    yield people
    for client in people.clients.values():
        await client.aclose()


@dataclass(frozen=True, slots=True)
class Round:
    """Once around. `reads` is the version in care, `version` the candidate; figures are on the hospital's own tiles."""

    reads: str
    given: Counter[str]
    tiles: int
    before: str
    version: str
    after: str
    taken: bool

    def line(self) -> str:
        said = ", ".join(f"{number} {verdict}" for verdict, number in sorted(self.given.items()))
        became = "in care" if self.taken else "refused"
        return (
            f"version {self.reads} ({self.before}) pointed at {self.given.total()} tiles: {said}; "
            f"version {self.version}, of {self.tiles} tiles: {self.after}, {became}"
        )


def judging(programs: list[Program], tiles: Path) -> list[Program]:
    """Of a hospital that evaluates models on these tiles."""
    setting = {"CASEPATH_EVALUATION_TILES": str(tiles)}
    return [replace(one, env=one.env | setting) if one.name == "inference" else one for one in programs]


class Circle:
    def __init__(self, platform: Platform, people: People, folder: Path) -> None:
        self.platform = platform
        self.people = people
        self.folder = folder
        self.hub = Warehouse(*platform.hub)
        self.verdicts: Counter[str] = Counter()
        self.cases: set[str] = set()

    async def command(self, *arguments: str) -> str:
        """In a thread: the platform's supervisor is a task beside this one."""
        done = await asyncio.to_thread(self.platform.casepath, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    async def publisher(self, *arguments: str) -> str:
        return await asyncio.to_thread(casepath, self.platform, self.folder, "robert", "model-publisher", *arguments)

    async def approver(self, *arguments: str) -> str:
        return await asyncio.to_thread(casepath, self.platform, self.folder, "dubois", "model-approver", *arguments)

    async def passes(self, version: str) -> bool:
        """Whether the registry says that it is good enough, on the hospital's own tiles."""
        return "did not pass" not in await self.publisher("evaluate", "--on-platform", NAME, version)

    async def figures(self, bundle: Path) -> str:
        """The same tiles, by the bundle alone."""
        found = json.loads(await self.command("model", "evaluate", str(bundle), str(self.folder / EVALUATION), "--json"))
        return f"AUC {found['auc']:.3f}, accuracy {found['accuracy']:.3f}"

    async def read(self, number: int, version: str) -> Counter[str]:
        """A patient's slide, by the model and then by a pathologist. Return how often each verdict was given."""
        visit = new_visit(self.platform)
        await send(self.platform.ports["mllp"], [visit.registration(), visit.order()])
        scan(visit, slide_of(number, self.folder), self.platform.home.scanner)
        case = await once(self.platform, visit, lambda case: any(slide.HasField("scored") for slide in case.slides))
        scored = case.slides[0].scored
        assert (scored.model.version, scored.failed_tiles) == (version, 0)
        verdicts = {one.finding_id: "accepted" if is_tumour(one) else "rejected" for one in scored.findings}
        for finding, verdict in verdicts.items():
            act = f"/cases/{visit.case_id}/findings/{finding}"
            await self.people.post("martin", act, verdict=verdict, act=str(uuid4()))
        await once(self.platform, visit, lambda case: len(case.reviews) == len(verdicts))
        self.cases.add(visit.case_id)
        return Counter(verdicts.values())

    def verdicts_in_the_hub(self) -> int:
        if not self.hub.snapshots():
            return 0
        with self.hub.snapshot() as database:
            return len(database.table("measurement").filter("measurement_source_value = 'finding-review'").fetchall())

    async def workspace(self, name: str) -> Path:
        """Of a study that a researcher asks for, two offices grant, and who runs the hub opens."""
        reasons = {f"reason-{table}": "What was pointed at, what was said of it, and the pixels." for table in TABLES}
        asked = await self.people.post(
            "leroy",
            "/studies",
            title=f"Verdicts on findings, {name}",
            purpose="Whether a model of what pathologists said errs less often.",
            reference="MR-004 no. 2026-118",
            project="demonstration",
            until=(date.today() + timedelta(days=90)).isoformat(),
            **reasons,
        )
        study = asked.url.path
        for who, office in (("girard", "data_protection_officer"), ("bonnet", "scientific_committee")):
            await self.people.post(who, f"{study}/decide", office=office, verdict="grant", reason="As declared.")
        made = await self.people.post("leroy", f"{study}/extract")
        assert 'role="alert"' not in made.text, made.text
        into, home = self.folder / f"workspace {name}", self.platform.home.folder
        stores = ("--objects", f"file://{home / 'hub'}", "--released", f"file://{home / 'released'}")
        await self.command("hub", "workspace", study.rpartition("/")[2], "--into", str(into), *stores)
        with duckdb.connect(str(into / "study.duckdb"), read_only=True) as database:
            slides = database.execute("select distinct cast(slide_id as varchar) from image_occurrence").fetchall()
        assert await self.looked_at(study) == {slide for (slide,) in slides}
        return into

    async def looked_at(self, study: str) -> set[str]:
        """Slides of a study that a researcher sees in the portal, a tile of each."""
        client, seen = self.people.clients["leroy"], set()
        for address in re.findall(rf'href="({study}/images/[0-9.]+)"', (await client.get(f"{study}/images")).text):
            for slide in (await client.get(f"{address}/viewer")).json()["slides"]:
                tile = await client.get(f"{slide['levels'][0]['tiles']}/1")
                assert (tile.status_code, tile.content[:2]) == (200, b"\xff\xd8")
                seen.add(slide["slide"])
        return seen

    async def shadowed(self, version: str) -> None:
        """The candidate reads what was read, and the record does not know."""
        why = ("--by", "dubois", "--reason", f"version {version} in shadow", "--yes")
        await self.command("reprocess", "slides", *why)

        async def read_beside() -> bool:
            records = await records_on(self.platform.kafka, INFERENCE_SHADOW_SCORED.name)
            read = [INFERENCE_SHADOW_SCORED.message.FromString(one.value) for one in records]
            return {one.case_id for one in read if one.model.version == version} >= self.cases

        await eventually_async(read_beside, SECONDS)

    async def candidate(self, base: Path, version: str) -> tuple[Path, int]:
        """Of all verdicts so far, signed and published; and of how many tiles."""
        workspace, out = await self.workspace(version), self.folder / f"candidate {version}"
        # Every case has its slide A1: each is the scan of one person.
        with duckdb.connect(str(workspace / "study.duckdb"), read_only=True) as database:
            scans = database.execute("select distinct person_id, scan_id from image_occurrence").fetchall()
        assert len(scans) == len({scan for _, scan in scans}) == len(self.cases)
        more = ("--model-version", version, "--out", str(out), "--study", "MR-004 no. 2026-118", "--json")
        figures = json.loads(await self.command("research", "train", str(workspace), "--base", str(base), *more))
        assert (figures["regions"], figures["persons"]) == (dict(self.verdicts), len(self.cases))
        await self.command("model", "sign", str(out), "--key", str(self.folder / "key.pem"))
        await self.publisher("publish", str(out))
        return out, figures["tiles"]

    async def around(self, number: int, reads: str, base: Path) -> tuple[Round, Path]:
        """Once, from what the version in care points at: what came of it, and the bundle in care then."""
        given, version = Counter[str](), str(number + 1)
        for person in range(PERSONS):
            given += await self.read((number - 1) * PERSONS + person, reads)
        self.verdicts += given
        await eventually(lambda: self.verdicts_in_the_hub() == self.verdicts.total(), SECONDS)
        out, tiles = await self.candidate(base, version)
        await self.approver("promote", NAME, version, "--to", "shadow", "--reason", "a first look")
        await self.shadowed(version)
        # Of the version in care too, which others are held against.
        assert await self.passes(reads)
        passed = await self.passes(version)
        if passed:
            await self.approver("promote", NAME, version, "--to", "canary", "--percent", "50", "--reason", "reads some")
            await self.approver("promote", NAME, version, "--to", "production", "--reason", "is no worse")
        else:
            with pytest.raises(AssertionError, match="did not pass"):
                await self.approver("promote", NAME, version, "--to", "production", "--reason", "reads")
        came_of_it = Round(reads, given, tiles, await self.figures(base), version, await self.figures(out), passed)
        return came_of_it, out if passed else base


async def test_what_pathologists_say_comes_back_as_the_model_that_reads_the_next_patients(tmp_path: Path) -> None:
    async with composed(tmp_path / "home") as hospital:
        platform = hospital.platform
        await hospital.start(*judging(hospital.services, evaluation_set(tmp_path / EVALUATION)))
        trusted = platform.home.folder / "access/model-keys/site.pem"
        async with signed_in(platform, "martin", "leroy", "girard", "bonnet") as people:
            circle, reads, base, rounds = Circle(platform, people, tmp_path), "1", BUNDLE, list[Round]()
            await circle.command("model", "key", str(tmp_path / "key.pem"), str(trusted))
            for number in range(1, AROUND + 1):
                came_of_it, base = await circle.around(number, reads, base)
                print(came_of_it.line())
                rounds.append(came_of_it)
                reads = came_of_it.version if came_of_it.taken else reads
            # The next patient's slide, of the first tiles again.
            await circle.read(0, reads)
            await circle.command("reconcile", *archives(platform))
        assert rounds[0].taken, "no candidate came into care: the circle did not close"
