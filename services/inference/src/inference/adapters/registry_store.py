"""The registry in the object store: bundles by digest, and logs of records whose names are taken once."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from casepath.inference.v1.registry_pb2 import BundleFile, FindingJudged, ModelEvaluated, ModelPublished, ModelStaged
from casepath.inference.v1.scoring_pb2 import Model
from chassis.errors import Malformed, NotFound
from chassis.objects import Objects, Shelf
from inference.bundle import Bundle, load_bundle
from inference.registry import Line


class RegistryStore:
    """Any replica reads and writes it. Of two that write a record of one name, one gets it."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.published = Shelf(objects, ModelPublished, "inference/registry/published")
        self.stages = Shelf(objects, ModelStaged, "inference/registry/stages")
        self.evaluations = Shelf(objects, ModelEvaluated, "inference/registry/evaluations")
        self.judgements = Shelf(objects, FindingJudged, "inference/registry/judgements")

    async def line(self, name: str) -> Line:
        return Line(name, tuple(await self.stages.all(name)))

    async def append(self, staged: ModelStaged, number: int) -> None:
        """Write the log's next record, with the time. Raise Malformed where somebody wrote since the log was read."""
        staged.staged_at.FromDatetime(datetime.now(UTC))
        if not await self.stages.create(f"{staged.model.name}/{number:08}", staged):
            raise Malformed("somebody else changed this model's stages just now: look, and ask again")

    async def publish(self, bundle: Bundle, paths: Sequence[Path], publisher: str, key_sha256: str = "") -> ModelPublished:
        """Keep a bundle's files. A version is published once; again with the same files changes nothing.

        Raise Malformed for other files.
        """
        files = [BundleFile(name=path.name, object=await self.objects.put(path)) for path in paths]
        published = ModelPublished(model=bundle.model, kind=bundle.kind, files=files, key_sha256=key_sha256, publisher=publisher)
        published.published_at.FromDatetime(datetime.now(UTC))
        name = folder_of(bundle.model)
        if await self.published.create(name, published):
            return published
        before = await self.published.get(name)
        if before is None or sorted(map(described, before.files)) != sorted(map(described, published.files)):
            raise Malformed(f"{published.model.name} {published.model.version} is published already, with other files")
        return before

    async def get(self, name: str, version: str) -> ModelPublished:
        found = await self.published.get(f"{name}/{version}")
        if found is None:
            raise NotFound(f"{name} {version} is not published")
        return found

    async def evaluations_of(self, name: str, version: str) -> list[ModelEvaluated]:
        return await self.evaluations.all(f"{name}/{version}")

    async def add_evaluation(self, evaluated: ModelEvaluated) -> None:
        at = evaluated.evaluated_at.ToNanoseconds()
        await self.evaluations.put(f"{folder_of(evaluated.model)}/{at:020}", evaluated)

    async def add_judgement(self, judged: FindingJudged) -> None:
        """The last one of a finding counts."""
        await self.judgements.put(f"{folder_of(judged.model)}/{judged.finding_id}", judged)

    async def judgements_of(self, model: Model) -> list[FindingJudged]:
        return await self.judgements.all(folder_of(model))

    async def bundle(self, published: ModelPublished) -> Bundle:
        """Its files again, each checked by its digest."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            await self.unpack(published.files, folder)
            return load_bundle(folder)

    async def unpack(self, files: Sequence[BundleFile], folder: Path) -> None:
        for one in files:
            (folder / one.name).write_bytes(await self.objects.get(one.object))


def folder_of(model: Model) -> str:
    """Where what belongs to a version is kept."""
    return f"{model.name}/{model.version}"


def described(one: BundleFile) -> tuple[str, str]:
    return one.name, one.object.sha256
