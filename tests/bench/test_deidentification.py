"""De-identification: what is left of planted identities beside other tools, how fast slides go, and recall on French text."""

import json
import os
import shutil
import statistics
import subprocess
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import numpy as np
import pydicom
import pytest
from french_reports import SORTS, Placed, reports
from planted_identities import KNOWN, as_bytes, codestream_with_comments, found_in, planted
from pydicom.encaps import encapsulate, generate_frames
from stages.peer_environment import peer_python, run_peer
from stages.test_deidentification import convert_slide, volumes_in

from bench.large_slide import repeated_slide
from bench.measuring import seconds, told, wilson
from deidentification.adapters.dicom_files import deidentify
from deidentification.dicom import Disguise
from deidentification.dicom_rules import TERMS
from deidentification.free_text import Span, cleaned
from deidentification.french_words import french_words
from deidentification.pseudonyms import Pseudonyms, Subject
from deidentification.scanner import Identifier, Scanner, days
from embedded.ports import Ports
from embedded.programs import archive_account, orthanc

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

J2K = Path(__file__).parents[1] / "data/slides/lossless-jpeg2000.dcm"
DISGUISE = Disguise(Subject(Pseudonyms(b"k" * 32), "patient"))
MEGABYTES = float(os.environ.get("BENCH_SLIDE_MEGABYTES", "100"))
REPORTS = int(os.environ.get("BENCH_REPORTS", "2000"))
PEERS = {
    "deid 0.4.13": ("deid==0.4.13",),
    "dicognito 0.19.0": ("dicognito==0.19.0",),
    "dicom-anonymizer 2.1.0": ("dicom-anonymizer==2.1.0",),
}
PROGRAMS = {
    "deid 0.4.13": """
import sys
from deid.config import DeidRecipe
from deid.dicom import get_identifiers, replace_identifiers
import shutil, glob
shutil.copy(sys.argv[1], "in.dcm")
ids = get_identifiers(["in.dcm"])
replace_identifiers(dicom_files=["in.dcm"], deid=DeidRecipe(), ids=ids, save=True, output_folder="out", remove_private=True)
shutil.copy(glob.glob("out/**/*.dcm", recursive=True)[0], sys.argv[2])
""",
    "dicognito 0.19.0": """
import sys, pydicom
from dicognito.anonymizer import Anonymizer
one = pydicom.dcmread(sys.argv[1])
Anonymizer().anonymize(one)
one.save_as(sys.argv[2])
""",
    "dicom-anonymizer 2.1.0": """
import sys
from dicomanonymizer.simpledicomanonymizer import anonymize_dicom_file
anonymize_dicom_file(sys.argv[1], sys.argv[2])
""",
}


def ours(source: Path, target: Path) -> None:
    deidentify(source, target, DISGUISE, Scanner.of(KNOWN, TERMS))


def occurrences(file: Path) -> int:
    """How often something planted is in an object's attributes, at any depth."""
    return sum(bool(found_in(str(element.value).encode())) for element in pydicom.dcmread(file).iterall() if element.VR != "SQ")


@contextmanager
def archive(folder: Path) -> Iterator[Callable[[Path, Path], None]]:
    """Orthanc, which anonymizes by PS3.15 2023b."""
    ports = Ports(38400)
    program = orthanc(folder, ports)
    name, password = archive_account(folder)
    authorization = {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}
    base = f"http://127.0.0.1:{ports['orthanc']}"
    process = subprocess.Popen(program.argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(path: str, content: bytes | None = None) -> bytes:
        with urlopen(Request(f"{base}{path}", content, authorization), timeout=60) as answer:
            return bytes(answer.read())

    def anonymize(source: Path, target: Path) -> None:
        one = json.loads(ask("/instances", source.read_bytes()))["ID"]
        target.write_bytes(ask(f"/instances/{one}/anonymize", b"{}"))

    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                ask("/system")
                break
            except URLError:
                time.sleep(0.2)
        yield anonymize
    finally:
        process.terminate()
        process.wait()


def test_what_is_left_of_planted_identities_beside_other_tools(tmp_path: Path) -> None:
    made = planted(J2K)
    frames = generate_frames(made.PixelData, number_of_frames=int(made.NumberOfFrames))
    made.PixelData = encapsulate([codestream_with_comments(one.rstrip(b"\0")) for one in frames])
    source = tmp_path / "planted.dcm"
    source.write_bytes(as_bytes(made))
    pixels = pydicom.dcmread(J2K).pixel_array
    print(f"\nPlanted: {len(found_in(source.read_bytes()))} identities in {occurrences(source)} attributes, frames, file header")

    def peer(name: str) -> Callable[[Path, Path], None]:
        python = peer_python(name.split()[0], *PEERS[name])
        return lambda before, after: print("", end=run_peer(python, PROGRAMS[name], str(before), str(after))[:0])

    with archive(tmp_path / "orthanc") as orthancs:
        tools = {"casepath": ours, "Orthanc": orthancs, **{name: peer(name) for name in PEERS}}
        for name, tool in tools.items():
            left = tmp_path / f"{name.split()[0]}.dcm"
            try:
                tool(source, left)
            except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
                why = "did not end in 120 s" if isinstance(error, subprocess.TimeoutExpired) else str(error).strip()[-150:]
                print(f"  {name:32} {why}")
                continue
            same = np.array_equal(pydicom.dcmread(left).pixel_array, pixels)
            found = found_in(left.read_bytes())
            told_pixels = "same" if same else "CHANGED"
            print(f"  {name:32} {len(found)} identities left, {occurrences(left)} attributes with any; pixels {told_pixels}")


def test_how_fast_slides_go_beside_copying_them(tmp_path: Path) -> None:
    convert_slide(repeated_slide(tmp_path / "large.svs", MEGABYTES), tmp_path / "dicom")
    files = volumes_in(tmp_path / "dicom")
    megabytes = sum(path.stat().st_size for path in files) / 1e6

    def all_of(run: Callable[[Path, Path], object]) -> Callable[[], None]:
        return lambda: [run(path, tmp_path / "left.dcm") for path in files].clear()

    def copied(source: Path, target: Path) -> None:
        shutil.copyfile(source, target)
        with target.open("rb") as file:
            os.fsync(file.fileno())

    taken = [(megabytes / seconds(all_of(ours)), megabytes / seconds(all_of(copied))) for _ in range(5)]
    told(f"De-identify {megabytes:.0f} MB of slides", "MB/s", [one for one, _ in taken], [one for _, one in taken], "copy")


# Words of an establishment that tell nothing.
ESTABLISHMENTS = ("CHU", "CH", "Hôpital", "Clinique")


def is_left(text: str, one: Placed, spans: tuple[Span, ...]) -> bool:
    """Whether a word with a capital, or a digit, of what was placed is in no span."""
    masked = {at for span in spans for at in range(span.begin, span.end)}
    inside = "".join(" " if at in masked else text[at] for at in range(one.begin, one.end))
    words = [word for word in inside.split() if len(word) > len("Le") and word[0].isupper() and word not in ESTABLISHMENTS]
    return bool(words) or any(letter.isdigit() for letter in inside)


def test_recall_and_precision_on_generated_french_reports() -> None:
    subject, words = DISGUISE.subject, french_words()
    placed, missed, masked, told_nothing = Counter[str](), Counter[str](), 0, 0
    characters, times = 0, []
    for report in reports(REPORTS, seed=26):
        identifiers = [
            Identifier("family name", report.family),
            Identifier("given name", report.given),
            Identifier("identifier", report.number),
            Identifier("accession number", report.accession),
            Identifier("national identifier", report.ins),
            *days("birth date", report.born.isoformat()),
        ]
        times.append(seconds(lambda: cleaned(report.text, identifiers, subject, words)))  # noqa: B023 - called at once
        found = cleaned(report.text, identifiers, subject, words)
        characters += len(report.text)
        for one in report.placed:
            placed[SORTS[one.field]] += 1
            missed[SORTS[one.field]] += is_left(report.text, one, found.spans)
        for span in found.spans:
            masked += 1
            told_nothing += all(span.end <= one.begin or span.begin >= one.end for one in report.placed)
    print(
        f"\n{REPORTS} generated reports, {characters / sum(times) / 1e3:.0f} kB/s, median {statistics.median(times) * 1e3:.1f} ms"
    )
    for sort in placed:
        low, high = wilson(placed[sort] - missed[sort], placed[sort])
        print(f"  recall of {sort:10} {1 - missed[sort] / placed[sort]:.4f} ({low:.4f} to {high:.4f}) of {placed[sort]}")
    low, high = wilson(masked - told_nothing, masked)
    print(f"  precision {1 - told_nothing / masked:.4f} ({low:.4f} to {high:.4f}) of {masked} that were masked or moved")
