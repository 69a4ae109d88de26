"""Converting a slide: ours against wsidicomizer called directly, which is what must be done at the least."""

from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from wsidicomizer import WsiDicomizer

from bench.measuring import ROUNDS, seconds, told
from embedded import samples
from slides.adapters.dicomizer import Conversion, convert


def ours() -> None:
    with TemporaryDirectory() as folder:
        convert(Conversion((samples.SLIDE,), Path(folder) / "out", UUID(int=1), "bench", "A1"))


def bare() -> None:
    with TemporaryDirectory() as folder:
        WsiDicomizer.convert(samples.SLIDE, folder, include_thumbnail=False, add_missing_levels=True, workers=1)


def test_converting_a_slide() -> None:
    ours()
    bare()
    taken = [(seconds(ours), seconds(bare)) for _ in range(ROUNDS)]
    told("Convert the sample slide", "s", [one for one, _ in taken], [one for _, one in taken], "wsidicomizer alone")
