"""Damaged inputs, by the hundred: each is converted or set aside with a reason, and nothing else ever happens."""

import gzip
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
import tifffile
from stages.constructed_slides import FORMATS

from casepath.slides.v1.slide_pb2 import QUARANTINE_REASON_NOT_A_SLIDE
from chassis.isolated import Crashed, Isolated
from embedded import samples
from sequencing.adapters.fastq import check_pairs
from sequencing.rejection import ReadsUnfit
from slides.adapters.dicomizer import Conversion, convert
from slides.quarantine import Quarantined

DATA = Path(__file__).parents[1] / "data" / "slides"
SLIDES = [samples.SLIDE, DATA / "jpeg2000-no-mpp.svs", DATA / "lossless-jpeg2000.dcm"]
# A thousand in all.
REAL_ROUNDS = 160
CONSTRUCTED_ROUNDS = 60
READS_ROUNDS = 300
PIECES = [b"\n", b"@", b"+\n", b"\r\n", b"\0", b"\xff", b"A" * 1000]


def cut(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content)) :]


def changed(content: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 20)):
        content[rng.randrange(len(content))] = rng.randrange(256)


def changed_header(content: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 8)):
        content[rng.randrange(min(7000, len(content)))] = rng.randrange(256)


def changed_end(content: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 8)):
        content[-1 - rng.randrange(min(6000, len(content)))] = rng.randrange(256)


def blanked(content: bytearray, rng: random.Random) -> None:
    at, length = rng.randrange(len(content)), rng.randint(1, 5000)
    content[at : at + length] = bytes(len(content[at : at + length]))


def repeated(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content))
    content[at:at] = content[at : at + rng.randint(1, 1000)]


def inserted(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content))
    content[at:at] = rng.choice(PIECES)


SLIDE_DAMAGE: list[Callable[[bytearray, random.Random], None]] = [cut, changed, changed_header, changed_end, blanked, repeated]


@pytest.mark.parametrize("source", SLIDES, ids=lambda path: path.name)
async def test_a_damaged_slide_is_converted_or_quarantined(source: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    await convert_damaged(Path(shutil.copy(source, whole)), tmp_path, REAL_ROUNDS)


@pytest.mark.parametrize("name", FORMATS)
async def test_a_damaged_slide_of_any_format_is_converted_or_quarantined(name: str, tmp_path: Path) -> None:
    make, suffix = FORMATS[name]
    whole = tmp_path / "whole"
    whole.mkdir()
    await convert_damaged(make(whole / f"slide{suffix}"), tmp_path, CONSTRUCTED_ROUNDS)


async def convert_damaged(source: Path, folder: Path, rounds: int) -> None:
    """One file of `source`'s folder is damaged each time. Each ends converted, or set aside with its reason: by the converter, or
    because its process died of it."""
    rng = random.Random(20261124)
    quarantined = 0
    with Isolated() as isolated:
        for number in range(rounds):
            scan = shutil.copytree(source.parent, folder / "damaged")
            victim = rng.choice([path for path in sorted(scan.rglob("*")) if path.is_file() and path.stat().st_size])
            content = bytearray(victim.read_bytes())
            rng.choice(SLIDE_DAMAGE)(content, rng)
            victim.write_bytes(content)
            out = folder / str(number)
            work = Conversion((scan / source.name,), out, UUID(int=1), "n", "A1", microns_per_pixel=0.25)
            try:
                await isolated.run(convert, work, 60)
            except (Quarantined, Crashed):
                quarantined += 1
            shutil.rmtree(out, ignore_errors=True)
            shutil.rmtree(scan)
    assert 0 < quarantined < rounds


def test_damaged_reads_are_taken_or_rejected_with_their_place(tmp_path: Path) -> None:
    rng = random.Random(20261124)
    lines = [gzip.decompress(path.read_bytes()).split(b"\n")[:2000] for path in samples.READS]
    whole = [b"\n".join(one) + b"\n" for one in lines]
    rejected: list[ReadsUnfit] = []
    for _ in range(READS_ROUNDS):
        paths = tmp_path / "r1.fastq.gz", tmp_path / "r2.fastq.gz"
        for path, content in zip(paths, whole, strict=True):
            damaged, damage = bytearray(content), rng.choice([cut, changed, repeated, inserted])
            where = rng.choice(["content", "stream", "nowhere"])
            if where == "content":
                damage(damaged, rng)
            damaged = bytearray(gzip.compress(damaged, 1))
            if where == "stream":
                damage(damaged, rng)
            path.write_bytes(damaged)
        try:
            check_pairs(paths)
        except ReadsUnfit as error:
            rejected.append(error)
    assert 0 < len(rejected) < READS_ROUNDS
    assert all(error.record > 0 and error.line > 0 for error in rejected)


def test_directories_that_go_round_have_an_end(tmp_path: Path) -> None:
    path = tmp_path / "loop.svs"
    path.write_bytes(samples.SLIDE.read_bytes())
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        form, first, last = tiff.tiff, tiff.pages[0].offset, tiff.pages[-1].offset
        tiff.filehandle.seek(last)
        (tags,) = struct.unpack(form.tagnoformat, tiff.filehandle.read(form.tagnosize))
        tiff.filehandle.seek(last + form.tagnosize + tags * form.tagsize)
        tiff.filehandle.write(struct.pack(form.offsetformat, first))
    with pytest.raises(Quarantined) as caught:
        convert(Conversion((path,), tmp_path / "out", UUID(int=1), "n", "A1"))
    assert caught.value.reason == QUARANTINE_REASON_NOT_A_SLIDE
