"""A study's rows and images as files, for a desktop that is as sealed as the hub is: DuckDB, Jupyter and trainers read them."""

from datetime import date
from functools import partial
from pathlib import Path

from casepath.hub.v1.studies_pb2 import STUDY_STATE_APPROVED
from chassis.errors import Malformed, Misconfigured
from hub.adapters.released import Released
from hub.adapters.study_store import StudyStore
from hub.studies.images import images, rename
from hub.studies.rules import state_of
from hub.studies.studying import as_table

DATABASE, IMAGES = "study.duckdb", "images"


async def open_workspace(store: StudyStore, study_id: str, released: Released, into: Path, today: date) -> int:
    """Write `study.duckdb` and `images/<sha256>.dcm` to a new folder; give how many images.

    An image is named by the digest that its row has; its header has the study's names, as rows do. Raise Malformed where the
    study is not approved or has no rows, NotFound where an image was released in no store.
    """
    study = await store.get(study_id)
    if state_of(study, today) != STUDY_STATE_APPROVED or not study.extract.database.path:
        raise Malformed("the study is not approved, or has no extract")
    fresh(into)
    await store.objects.download(study.extract.database, into / DATABASE)
    names = await store.names(study_id)
    found = images(as_table(await store.objects.get(study.extract.images)), names)
    for one in found:
        await released.copy(one.ref, into / IMAGES / f"{one.ref.sha256}.dcm", partial(rename, image=one, names=names))
    return len(found)


def fresh(into: Path) -> None:
    """Raise Misconfigured where something is there."""
    if into.exists():
        raise Misconfigured(f"{into} is there already: name a new folder")
    (into / IMAGES).mkdir(parents=True)
