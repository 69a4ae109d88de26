"""A model's way into care and out of it, as people go it: by the command line, against the registry over gRPC."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import stages.constructed_models as models
from click.testing import CliRunner, Result
from stages.slide_archive import archive_at
from stages.slide_reading import Reading, reading_at

import examples
from casepath.inference.v1.registry_pb2_grpc import add_ModelRegistryServiceServicer_to_server
from casepath.inference.v1.scoring_pb2 import STAGE_CANARY, STAGE_PRODUCTION, STAGE_SHADOW, SlideScored
from casepath.portal.v1.reading_pb2 import VERDICT_REJECTED
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import INFERENCE_DRIFT_DETECTED, INFERENCE_SLIDE_SCORED, PORTAL_FINDING_REVIEWED
from chassis.errors import CasepathError
from chassis.grpc_server import GrpcServer
from chassis.objects import Objects
from chassis.publisher import MemoryPublisher
from embedded import samples
from inference.adapters.onnx_session import OnnxSession
from inference.bundle import ModelFile
from inference.commands import model
from inference.readers import Session
from inference.registry_service import RegistryService


def on_one_core(file: ModelFile) -> Session:
    return OnnxSession(file, "cpu", 1)


@dataclass
class Registry:
    reading: Reading
    publisher: MemoryPublisher
    address: str
    folder: Path
    slide: SlideIngested

    async def run(self, *arguments: str | Path, who: str = "robert", role: str = "model-publisher") -> Result:
        token = self.folder / f"token-{who}"
        token.write_text(self.reading.signer.token(who, [role], 600))
        asks = ["--inference", self.address, "--token-file", str(token)]
        return await asyncio.to_thread(CliRunner().invoke, model, [*map(str, arguments), *asks])

    async def approve(self, *arguments: str | Path, who: str = "dubois") -> Result:
        return await self.run(*arguments, who=who, role="model-approver")

    def version(self, version: str, **said: Any) -> Path:
        """A signed bundle of the line."""
        folder = models.reading_bundle(self.folder / f"version {version}", models.darkness(), version=version, **said)
        signed = CliRunner().invoke(model, ["sign", str(folder), "--key", str(self.folder / "key.pem")])
        assert signed.exit_code == 0, signed.output
        return folder

    def told(self) -> list[str]:
        return [record.topic for record in self.publisher.records]


@pytest_asyncio.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Registry]:
    async with archive_at(tmp_path) as archive:
        slide = await archive.take(samples.SLIDE, f"{examples.ACCESSION}_A1.svs")
    async with served(tmp_path, slide) as one:
        yield one


@asynccontextmanager
async def served(folder: Path, slide: SlideIngested) -> AsyncIterator[Registry]:
    first = models.reading_bundle(folder / "configured", models.darkness(), threshold=0.3)
    tiles = models.grey_tiles(folder / "tiles", side=256)
    objects, publisher = Objects.at(f"file://{folder / 'objects'}"), MemoryPublisher()
    async with reading_at(folder, first, objects, on_one_core, evaluation_tiles=tiles, drift_slides=2) as reading:
        made = CliRunner().invoke(model, ["key", str(folder / "key.pem"), str(folder / "trusted/site.pem")])
        assert made.exit_code == 0
        service = RegistryService(reading.governance, publisher, reading.gate, folder)
        server = GrpcServer(
            "127.0.0.1:0", [lambda one: add_ModelRegistryServiceServicer_to_server(service, one)], [], lambda: True
        )
        stop = asyncio.Event()
        serving = asyncio.create_task(server.run(stop))
        yield Registry(reading, publisher, f"127.0.0.1:{server.port}", folder, slide)
        stop.set()
        await serving


def fine(result: Result) -> str:
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def refused(result: Result, why: str) -> None:
    assert result.exit_code != 0
    said = str(result.exception) if isinstance(result.exception, CasepathError) else result.output
    assert why in said, said


async def test_a_model_goes_from_candidate_to_production_and_back(registry: Registry) -> None:
    assert "constructed 1; production; by configuration" in fine(await registry.run("list"))
    assert "constructed 2 is a candidate" in fine(await registry.run("publish", registry.version("2")))
    refused(await registry.approve("promote", "constructed", "2", "--to", "production", "--reason", "r"), "not evaluated here")
    assert "AUC 1.000 on 40 tiles of 2 slides, passed" in fine(
        await registry.run("evaluate", "--on-platform", "constructed", "2")
    )
    said = fine(await registry.approve("promote", "constructed", "2", "--to", "production", "--reason", "better"))
    assert "candidate -> production, in place of 1" in said
    ended = await registry.reading.read(registry.slide)
    assert isinstance(ended, SlideScored)
    assert (ended.model.version, ended.stage) == ("2", STAGE_PRODUCTION)
    assert "retired -> production, in place of 2" in fine(await registry.approve("rollback", "constructed", "--reason", "worse"))
    assert [topic.split(".")[2] for topic in registry.told()] == ["published", "evaluated", "staged", "staged"]
    listed = json.loads(fine(await registry.run("list", "--json")))["models"]
    assert [(one["published"]["model"]["version"], one["stage"]) for one in listed] == [
        ("1", "STAGE_PRODUCTION"),
        ("2", "STAGE_RETIRED"),
    ]


async def test_a_version_in_shadow_reads_and_nothing_of_it_is_told_to_care(registry: Registry) -> None:
    fine(await registry.run("publish", registry.version("2", threshold=0.9)))
    fine(await registry.approve("promote", "constructed", "2", "--to", "shadow", "--reason", "look"))
    ended = await registry.reading.read(registry.slide)
    assert isinstance(ended, SlideScored)
    assert ended.model.version == "1"
    assert len(registry.reading.endings()) == 1
    (beside,) = registry.reading.endings(care=False)
    assert (beside.model.version, beside.stage, beside.run.threshold) == ("2", STAGE_SHADOW, 0.9)


async def test_a_canary_of_all_slides_reads_in_place_of_the_one_in_production(registry: Registry) -> None:
    fine(await registry.run("publish", registry.version("2")))
    fine(await registry.run("evaluate", "--on-platform", "constructed", "2"))
    fine(
        await registry.approve("promote", "constructed", "2", "--to", "canary", "--percent", "100", "--reason", "try"),
    )
    ended = await registry.reading.read(registry.slide)
    assert isinstance(ended, SlideScored)
    assert (ended.model.version, ended.stage) == ("2", STAGE_CANARY)


async def test_only_those_who_may_change_what_reads_slides(registry: Registry) -> None:
    bundle = registry.version("2")
    refused(await registry.approve("publish", bundle), "models.publish")
    fine(await registry.run("publish", bundle))
    refused(await registry.run("promote", "constructed", "2", "--to", "shadow", "--reason", "r"), "models.approve")
    refused(await registry.run("rollback", "constructed", "--reason", "r"), "models.approve")
    refused(await registry.run("list", role="viewer"), "models.read")
    refused(await registry.run("cancel", examples.JOB), "scoring.cancel")
    fine(await registry.run("evaluate", "--on-platform", "constructed", "2"))
    both = await registry.approve("promote", "constructed", "2", "--to", "production", "--reason", "r", who="robert")
    refused(both, "second person")


def altered(bundle: Path) -> None:
    path = bundle / "bundle.json"
    path.write_text(path.read_text().replace('"threshold": 0.4', '"threshold": 0.1'))


def signed_by_another(bundle: Path) -> None:
    runner, other = CliRunner(), bundle.parent / "other.pem"
    runner.invoke(model, ["key", str(other), str(bundle.parent / "other-public.pem")])
    (bundle / "model.sig").unlink()
    runner.invoke(model, ["sign", str(bundle), "--key", str(other)])


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (altered, "a file was altered"),
        (signed_by_another, "no trusted key made it"),
        (lambda bundle: (bundle / "model.sig").unlink(), "it has no model.sig"),
        (lambda bundle: (bundle / "model.sig").write_text("{}"), "no trusted key made it"),
        (lambda bundle: (bundle / "more.txt").write_text("x"), "a file was altered"),
    ],
    ids=["altered", "another key", "unsigned", "no signature", "a file more"],
)
async def test_a_bundle_that_no_trusted_key_signed_as_it_is_is_not_published(
    spoil: Callable[[Path], object], why: str, registry: Registry
) -> None:
    bundle = registry.version("2", threshold=0.4)
    spoil(bundle)
    refused(await registry.run("publish", bundle), why)
    assert registry.told() == []


async def test_a_key_that_is_none_among_the_trusted_ones_harms_no_other(registry: Registry) -> None:
    (registry.folder / "trusted/aaa.pem").write_text("not a key")
    fine(await registry.run("publish", registry.version("2")))


async def test_a_bundle_with_folders_in_it_is_refused(registry: Registry) -> None:
    bundle = registry.version("2")
    (bundle / "more").mkdir()
    refused(await registry.run("publish", bundle), "has folders in it")


async def test_a_version_is_published_once_and_again_changes_nothing(registry: Registry) -> None:
    bundle = registry.version("2")
    fine(await registry.run("publish", bundle))
    fine(await registry.run("publish", bundle))
    shutil.rmtree(bundle)
    refused(await registry.run("publish", registry.version("2", threshold=0.9)), "published already, with other files")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"name": "another"}, "this deployment reads slides with versions of constructed"),
        ({"tile_side": 512}, "takes UINT8"),
    ],
)
async def test_a_model_that_cannot_read_here_is_not_published(said: dict[str, Any], why: str, registry: Registry) -> None:
    refused(await registry.run("publish", registry.version("2", **said)), why)


@pytest.mark.parametrize("content", [b"", b"not onnx", models.graph([], [], [])], ids=["empty", "no model", "no graph"])
async def test_what_onnx_runtime_cannot_load_is_not_published(content: bytes, registry: Registry) -> None:
    folder = models.reading_bundle(registry.folder / "bad", content, version="2")
    CliRunner().invoke(model, ["sign", str(folder), "--key", str(registry.folder / "key.pem")])
    result = await registry.run("publish", folder)
    assert result.exit_code != 0
    assert registry.told() == []


async def test_a_model_of_an_operator_set_that_is_not_known_is_not_published(registry: Registry) -> None:
    import onnx

    network = onnx.load_from_string(models.darkness())
    network.opset_import[0].version = 999
    folder = models.reading_bundle(registry.folder / "bad", network.SerializeToString(), version="2")
    CliRunner().invoke(model, ["sign", str(folder), "--key", str(registry.folder / "key.pem")])
    refused(await registry.run("publish", folder), "ONNX Runtime cannot load")


async def test_a_worse_model_does_not_pass_and_does_not_read(registry: Registry) -> None:
    fine(await registry.run("publish", registry.version("2", positive="light")))
    said = fine(await registry.run("evaluate", "--on-platform", "constructed", "2"))
    assert "did not pass" in said
    refused(await registry.approve("promote", "constructed", "2", "--to", "production", "--reason", "r"), "did not pass")


async def test_a_pathologists_verdict_counts_for_the_version_that_pointed(registry: Registry) -> None:
    reading = registry.reading
    ended = await reading.read(registry.slide)
    assert isinstance(ended, SlideScored)
    review = examples.reviewed(VERDICT_REJECTED)
    review.finding_id, review.job_id = ended.findings[0].finding_id, ended.job_id
    for _ in range(2):
        (event,) = await reading.handle(PORTAL_FINDING_REVIEWED, review)
        assert not event.data.accepted  # type: ignore[attr-defined]
    assert "findings accepted 0, rejected 1" in fine(await registry.run("list"))


async def test_slides_unlike_the_evaluation_are_drift_and_it_is_told(registry: Registry) -> None:
    reading = registry.reading
    fine(await registry.run("evaluate", "--on-platform", "constructed", "1"))
    ended = await reading.read(registry.slide)
    assert isinstance(ended, SlideScored)
    another = SlideScored.FromString(ended.SerializeToString())
    another.job_id = examples.JOB
    assert await reading.handle(INFERENCE_SLIDE_SCORED, ended) == []
    events = await reading.handle(INFERENCE_SLIDE_SCORED, another)
    assert {event.topic for event in events} == {INFERENCE_DRIFT_DETECTED}
    assert "drift of scores" in fine(await registry.run("list"))
