"""A study's rows and images as files, for a desktop that is as sealed as the hub is: DuckDB, Jupyter and trainers read them."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from casepath.hub.v1.studies_pb2 import STUDY_STATE_APPROVED
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from chassis.errors import Malformed, Misconfigured, NotFound
from chassis.objects import Objects
from hub.adapters.study_store import StudyStore
from hub.studies.rules import state_of
from hub.studies.studying import as_table

DATABASE, IMAGES = "study.duckdb", "images"


async def open_workspace(store: StudyStore, study_id: str, released: Sequence[Objects], into: Path, today: date) -> int:
    """Write `study.duckdb` and `images/<sha256>.dcm` to a new folder; give how many images.

    Raise Malformed where the study is not approved or has no rows, NotFound where an image is in no store of `released`.
    """
    study = await store.get(study_id)
    if state_of(study, today) != STUDY_STATE_APPROVED or not study.extract.database.path:
        raise Malformed("the study is not approved, or has no extract")
    fresh(into)
    await store.objects.download(study.extract.database, into / DATABASE)
    images = as_table(await store.objects.get(study.extract.images)).to_pylist()
    for one in images:
        ref = ObjectRef(path=one["local_path"], sha256=one["sha256"], size=one["size"])
        await (await holding(released, ref)).download(ref, into / IMAGES / f"{ref.sha256}.dcm")
    return len(images)


def fresh(into: Path) -> None:
    """Raise Misconfigured where something is there."""
    if into.exists():
        raise Misconfigured(f"{into} is there already: name a new folder")
    (into / IMAGES).mkdir(parents=True)


async def holding(stores: Sequence[Objects], ref: ObjectRef) -> Objects:
    """Each hospital may have its own."""
    for store in stores:
        if await store.has(ref.path):
            return store
    raise NotFound(f"image {ref.sha256} is in none of the stores of what was released: --released names them")
