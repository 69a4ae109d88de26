"""Converting slides: against wsidicomizer called directly, and against copying the same file with its checksum."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from wsidicomizer import WsiDicomizer

from bench.large_slide import repeated_slide
from bench.measuring import ROUNDS, seconds, told
from embedded import samples
from slides.adapters.dicomizer import Conversion, convert

MEGABYTES = float(os.environ.get("BENCH_SLIDE_MEGABYTES", "100"))


def ours(source: Path = samples.SLIDE) -> None:
    with TemporaryDirectory() as folder:
        convert(Conversion((source,), Path(folder) / "out", UUID(int=1), "bench", "A1"))


def bare(source: Path = samples.SLIDE) -> None:
    with TemporaryDirectory() as folder:
        WsiDicomizer.convert(source, folder, include_thumbnail=False, add_missing_levels=True, workers=1)


def copied(source: Path) -> None:
    """What any system must do at least: read, write and digest."""
    with TemporaryDirectory() as folder:
        shutil.copyfile(source, Path(folder) / "copy")
        with (Path(folder) / "copy").open("rb") as file:
            hashlib.file_digest(file, "sha256")


def test_converting_a_slide() -> None:
    ours()
    bare()
    taken = [(seconds(ours), seconds(bare)) for _ in range(ROUNDS)]
    told("Convert the sample slide", "s", [one for one, _ in taken], [one for _, one in taken], "wsidicomizer alone")


def test_converting_a_large_slide(tmp_path: Path) -> None:
    source = repeated_slide(tmp_path / "large.svs", MEGABYTES)
    megabytes = source.stat().st_size / 1e6
    taken = [(seconds(lambda: ours(source)), seconds(lambda: bare(source)), seconds(lambda: copied(source))) for _ in range(3)]
    what = f"Convert a slide of {megabytes:.0f} MB"
    rates = [[megabytes / one for one in column] for column in zip(*taken, strict=True)]
    told(what, "MB/s", rates[0], rates[1], "wsidicomizer alone")
    told(what, "MB/s", rates[0], rates[2], "copy with SHA-256")


def test_the_memory_that_converting_a_large_slide_takes(tmp_path: Path) -> None:
    source = repeated_slide(tmp_path / "large.svs", MEGABYTES)
    program = (
        "import sys; from pathlib import Path; from uuid import UUID; from slides.adapters.dicomizer import Conversion, convert; "
        "convert(Conversion((Path(sys.argv[1]),), Path(sys.argv[2]), UUID(int=1), 'bench', 'A1')); "
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    )
    said = subprocess.run([sys.executable, "-c", program, source, tmp_path / "out"], check=True, capture_output=True, text=True)
    peak = int(said.stdout) * 1024 / 1e6
    print(f"\nConvert a slide of {source.stat().st_size / 1e6:.0f} MB: {peak:.0f} MB of memory at most")
