"""The hospital's side of the demo: a patient and an order over MLLP, a scanner, a sequencer."""

import asyncio
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from hl7.mllp import open_hl7_connection

from chassis.errors import Rejected, Unavailable
from chassis.identity import case_id, patient_id

SLIDE_CONTAINER = "A1"
TISSUE = "T1"
BLOOD = "B1"
GENOTYPED = "B2"
AUTHORITY = "1.2.250.1.213.1.4.10"


@dataclass(frozen=True, slots=True)
class Visit:
    """One fictional patient with one accession. `stamp` tells runs apart."""

    stamp: str
    namespace: UUID

    @property
    def accession(self) -> str:
        return f"S{self.stamp}"

    @property
    def case_id(self) -> str:
        return case_id(self.namespace, self.accession)

    @property
    def patient_id(self) -> str:
        return patient_id(self.namespace, AUTHORITY, f"P{self.stamp}")

    def registration(self) -> str:
        return self.message("ADT^A01^ADT_A01", "1")

    def order(self) -> str:
        """A histology examination of one slide, a sequencing of blood, and blood that is genotyped elsewhere."""
        return self.message(
            "OML^O21^OML_O21",
            "2",
            f"ORC|NW|PL{self.stamp}-1|{self.accession}",
            f"OBR|1|PL{self.stamp}-1|{self.accession}|11529-5^Surgical pathology study^LN",
            "NTE|1||Ganglion sentinelle axillaire gauche.\\.br\\Métastase ?",
            "DG1|1||C50.9^Tumeur maligne du sein^I10",
            f"SPM|1|^{TISSUE}||119376003^Tissue specimen^SCT||||85756007^Body tissue structure^SCT|||||||||{self.stamp}",
            f"SAC|||{SLIDE_CONTAINER}",
            f"ORC|NW|PL{self.stamp}-2|{self.accession}",
            f"OBR|2|PL{self.stamp}-2|{self.accession}|51969-4^Genetic analysis report^LN",
            f"SPM|2|^{BLOOD}||119297000^Blood specimen^SCT|||||||||||||{self.stamp}",
            f"ORC|NW|PL{self.stamp}-3|{self.accession}",
            f"OBR|3|PL{self.stamp}-3|{self.accession}|51969-4^Genetic analysis report^LN",
            f"SPM|3|^{GENOTYPED}||119297000^Blood specimen^SCT|||||||||||||{self.stamp}",
        )

    def message(self, kind: str, number: str, *segments: str) -> str:
        header = f"MSH|^~\\&|HIS|DEMO|CASEPATH|LAB|{self.stamp}+0000||{kind}|{self.stamp}-{number}|P|2.5.1|||||FR|UNICODE UTF-8"
        person = f"PID|1||P{self.stamp}^^^DEMO&{AUTHORITY}&ISO^PI||Démo^Camille^Anne||19640229|F"
        return "\r".join([header, person, *segments]) + "\r"


def visit_now(namespace: UUID) -> Visit:
    return Visit(datetime.now(UTC).strftime("%Y%m%d%H%M%S"), namespace)


async def send(port: int, messages: list[str]) -> None:
    """Send messages as the hospital's systems do, each when the one before it was accepted. Raise Rejected where one is not."""
    try:
        reader, writer = await open_hl7_connection("127.0.0.1", port)
    except OSError as error:
        raise Unavailable(f"intake does not listen on {port}") from error
    try:
        for message in messages:
            writer.writeblock(message.encode())
            await writer.drain()
            answer = (await asyncio.wait_for(reader.readblock(), 30)).decode()
            if "\rMSA|AA|" not in answer:
                raise Rejected(f"intake answered {answer.split('\rMSA|')[1][:2]}")
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
        raise Unavailable("intake does not answer") from error
    finally:
        writer.close()


def drop(source: Path, folder: Path, name: str) -> None:
    """Copy a file as a careful machine does: under another name until it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{name}.partial"
    shutil.copyfile(source, partial)
    partial.rename(folder / name)


def scan(visit: Visit, slide: Path, scanner: Path) -> None:
    drop(slide, scanner / "incoming", f"{visit.accession}_{SLIDE_CONTAINER}{slide.suffix}")


def sequence(visit: Visit, reads: tuple[Path, Path], sequencer: Path) -> None:
    for number, path in enumerate(reads, start=1):
        drop(path, sequencer / "incoming", f"{visit.accession}_{BLOOD}_R{number}.fastq.gz")


def genotype(visit: Visit, variants: Path, outside_calls: Path, sequencer: Path) -> None:
    """What another laboratory called: variants, and before them the genes that these do not tell."""
    name = f"{visit.accession}_{GENOTYPED}"
    drop(outside_calls, sequencer / "incoming", f"{name}.outside.tsv")
    drop(variants, sequencer / "incoming", f"{name}.vcf")
