"""What tools need of a reference beside its FASTA file, made once for all who share a folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pysam import SamtoolsError, samtools

from chassis.errors import Misconfigured
from chassis.file_lock import locked
from sequencing.references import Reference


@dataclass(frozen=True, slots=True)
class IndexedReference:
    """A folder with the reference under its own name, so that headers say nothing of this machine, and its indexes."""

    folder: Path
    fasta: Path
    contigs: tuple[tuple[str, int], ...]


def indexed(reference: Reference, root: Path) -> IndexedReference:
    """The reference's folder below `root`, with its FASTA index (samtools faidx)."""
    folder = root / reference.sha256
    folder.mkdir(parents=True, exist_ok=True)
    fasta = folder / f"{reference.name}.fa"
    index = fasta.with_name(fasta.name + ".fai")

    link(fasta, reference.fasta)

    def make(partial: Path) -> None:
        try:
            samtools.faidx(str(fasta), "--fai-idx", str(partial), catch_stdout=False)
        except SamtoolsError:
            raise Misconfigured(f"{reference.fasta} cannot be indexed: is it FASTA, uncompressed or by bgzip?") from None

    made_once(index, make)
    lines = [line.split("\t") for line in index.read_text().splitlines()]
    return IndexedReference(folder, fasta, tuple((name, int(length)) for name, length, *_ in lines))


def link(name: Path, target: Path) -> None:
    """The same bytes may have been moved since the link was made."""
    if name.resolve() != target.resolve():
        with locked(name.with_name(name.name + ".lock")):
            partial = name.with_name(name.name + ".link")
            partial.unlink(missing_ok=True)
            partial.symlink_to(target.resolve())
            partial.replace(name)


def made_once(file: Path, make: Callable[[Path], None]) -> Path:
    """The file; made aside, by one process at a time, where it is not there."""
    if not file.exists():
        with locked(file.with_name(file.name + ".lock")):
            if not file.exists():
                partial = file.with_name(file.name + ".partial")
                make(partial)
                partial.replace(file)
    return file
