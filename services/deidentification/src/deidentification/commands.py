"""`casepath deidentify`: slides and reports as a project would get them, on your own files, without a broker."""

from collections.abc import Sequence
from pathlib import Path

import click

from chassis.errors import Misconfigured, Rejected
from deidentification.adapters.dicom_files import deidentify as deidentify_file
from deidentification.dicom import Disguise
from deidentification.dicom_rules import TERMS
from deidentification.free_text import cleaned
from deidentification.french_words import french_words
from deidentification.projects import project_key
from deidentification.pseudonyms import Pseudonyms, Subject
from deidentification.scanner import Identifier, Scanner

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
key_option = click.option(
    "--key", type=FILE, required=True, help="The project's key: a file, as openssl rand -base64 32 makes one."
)
patient_option = click.option(
    "--patient", required=True, help="Opaque id of the patient: names and days are made of it and the key."
)
known_option = click.option(
    "--known", type=FILE, help="File with a known identifier of the patient in each line: none may be in what is written."
)


@click.group()
def deidentify() -> None:
    """What leaves the hospital for research."""


@deidentify.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for what may leave.")
@key_option
@patient_option
@known_option
@click.option(
    "--word", "words", multiple=True, help="A name of a scanner or a model that may stand in headers; as often as needed."
)
def slide(files: Sequence[Path], out: Path, key: Path, patient: str, known: Path | None, words: Sequence[str]) -> None:
    """Write DICOM FILES to --out as they may leave, each under the UID that it gets. Labels and overviews do not leave.

    The exit status is 65 where one does not leave: each is named with the reason.
    """
    disguise = Disguise(subject_of(key, patient), frozenset(words))
    scanner = Scanner.of(identifiers(known), TERMS).beside(words)
    out.mkdir(parents=True, exist_ok=True)
    kept = 0
    for number, file in enumerate(files, start=1):
        target = out / f"{number}.partial"
        try:
            made = deidentify_file(file, target, disguise, scanner)
        except Rejected as error:
            kept += 1
            click.echo(f"{file}: stays here: {error}", err=True)
            continue
        name = target.replace(out / f"{made.SOPInstanceUID}.dcm")
        click.echo(f"{file} -> {name}")
    if kept:
        raise Rejected(f"{kept} of {len(files)} files stay here")


@deidentify.command()
@click.argument("file", type=FILE)
@key_option
@patient_option
@known_option
def text(file: Path, key: Path, patient: str, known: Path | None) -> None:
    """Print a French report FILE (UTF-8) without identities, and to standard error how many were masked or moved."""
    subject, identities = subject_of(key, patient), identifiers(known)
    try:
        made = cleaned(file.read_text("utf-8"), identities, subject, french_words())
    except UnicodeDecodeError:
        raise Rejected(f"{file} is not UTF-8") from None
    Scanner.of(identities).header(made.text.encode())
    click.echo(made.text, nl=False)
    click.echo(", ".join(f"{sort}: {count}" for sort, count in sorted(made.masked.items())), err=True)


def subject_of(key: Path, patient: str) -> Subject:
    try:
        return Subject(Pseudonyms(project_key(key.read_text("ascii"), str(key))), patient)
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{key}: the key cannot be read: {type(error).__name__}") from None


def identifiers(known: Path | None) -> list[Identifier]:
    if known is None:
        return []
    try:
        lines = known.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{known}: known identifiers cannot be read: {type(error).__name__}") from None
    return [Identifier("name or number", line.strip()) for line in lines if line.strip()]
