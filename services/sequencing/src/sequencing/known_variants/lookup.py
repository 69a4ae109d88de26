"""A sample's variants, normalised as snapshots are, and looked up in them by allele (bcftools norm and isec)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pysam
from pysam import SamtoolsError, bcftools

from casepath.sequencing.v1.known_variants_pb2 import KnownVariant, Snapshot, Statement
from sequencing.adapters.reference_index import IndexedReference, indexed
from sequencing.known_variants.snapshots import Loaded, names_of
from sequencing.known_variants.statements import CLINVAR, civic, clinvar
from sequencing.pharmacogenomics.variant_file import NotVcf, OtherBuild, readable

# A call that failed a filter is not looked up, and a genotype that is not called is none.
CALLED = ["-f", ".,PASS", "-i", 'GT="alt"']
GENOTYPE_ALONE = "INFO,^FORMAT/GT"

type Allele = tuple[str, int, str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """What the snapshots of one reference say. `looked_up` counts alleles other than the reference's."""

    snapshots: tuple[Snapshot, ...]
    looked_up: int
    variants: tuple[KnownVariant, ...]


def looked_up(variants: Path, snapshots: Sequence[Loaded], indexes: Path, scratch: Path) -> Found:
    """Against the snapshots of the reference that the file is on.

    Raise OtherBuild where there is none of that reference, NotVcf where the file cannot be read.
    """
    before = pysam.set_verbosity(0)
    try:
        with readable(variants) as file:
            for sha256 in sorted({one.reference.sha256 for one in snapshots}):
                on_it = [one for one in snapshots if one.reference.sha256 == sha256]
                answer = answered(file, on_it, indexed(on_it[0].reference, indexes), scratch)
                if answer is not None:
                    return answer
    except (OSError, ValueError, EOFError) as error:
        raise NotVcf(f"the file is not a whole VCF: {error}") from None
    finally:
        pysam.set_verbosity(before)
    raise OtherBuild("no snapshot is on the reference of this file")


def answered(file: Path, snapshots: Sequence[Loaded], reference: IndexedReference, scratch: Path) -> Found | None:
    """None where the file is not on this reference, or nothing shows that it is: neither a length nor a base."""
    names, by_length = shared(file, reference)
    if not names:
        return None
    with TemporaryDirectory(dir=scratch) as own:
        try:
            answer = found(normalised(file, names, reference, Path(own)), snapshots, Path(own))
        except SamtoolsError as error:
            if "mismatch" in str(error):
                return None
            raise NotVcf(f"the file is not a whole VCF: {str(error).splitlines()[0][:200]}") from None
    return answer if by_length or answer.looked_up else None


def shared(file: Path, reference: IndexedReference) -> tuple[Mapping[str, str], bool]:
    """The file's contigs and what the reference calls them, none where a length differs; and whether a length agrees."""
    lengths, names = dict(reference.contigs), names_of([name for name, _ in reference.contigs])
    with pysam.VariantFile(str(file)) as vcf:
        contigs = {name: contig.length for name, contig in vcf.header.contigs.items() if name in names}
    if any(length and length != lengths[names[name]] for name, length in contigs.items()):
        return {}, False
    return {name: names[name] for name in contigs}, any(contigs.values())


def normalised(file: Path, names: Mapping[str, str], reference: IndexedReference, scratch: Path) -> Path:
    """Called alleles with their genotypes alone, left-aligned, one a record. Raise SamtoolsError where bases differ."""
    called, renamed, map_ = scratch / "called.bcf", scratch / "renamed.bcf", scratch / "names.txt"
    split, alone, in_order = scratch / "split.bcf", scratch / "alone.bcf", scratch / "normal.bcf"
    map_.write_text("".join(f"{mine} {theirs}\n" for mine, theirs in names.items()))
    quiet = ["--no-version", "-Ob"]
    bcftools.view(*quiet, *CALLED, "-t", ",".join(names), "-o", str(called), str(file), catch_stdout=False)
    stripped = [*quiet, "-x", GENOTYPE_ALONE, "--rename-chrs", str(map_)]
    bcftools.annotate(*stripped, "-o", str(renamed), str(called), catch_stdout=False)
    fasta = ["-m", "-any", "-c", "e", "-f", str(reference.fasta)]
    bcftools.norm(*quiet, *fasta, "-o", str(split), str(renamed), catch_stdout=False)
    bcftools.view(*quiet, *CALLED, "-o", str(alone), str(split), catch_stdout=False)
    bcftools.sort("-T", str(scratch), "-Ob", "-o", str(in_order), str(alone), catch_stdout=False)
    bcftools.index(str(in_order), catch_stdout=False)
    return in_order


def found(normal: Path, snapshots: Sequence[Loaded], scratch: Path) -> Found:
    genotypes: dict[Allele, str] = {}
    said: dict[Allele, list[Statement]] = {}
    for snapshot in snapshots:
        both = scratch / "both.bcf"
        options = ["-n", "=2", "-c", "none", "-w", "1", "-Ob", "-o", str(both)]
        bcftools.isec(*options, str(normal), str(snapshot.file), catch_stdout=False)
        with pysam.VariantFile(str(both)) as mine, pysam.VariantFile(str(snapshot.file)) as theirs:
            for record in mine:
                one = allele(record)
                genotypes[one] = genotype(record)
                # A knowledge base may have several records of one allele.
                spoken = [each for each in theirs.fetch(record.contig, record.start, record.start + 1) if allele(each) == one]
                said.setdefault(one, []).extend(statement for each in spoken for statement in statements(each, snapshot))
    with pysam.VariantFile(str(normal)) as file:
        order = {name: index for index, name in enumerate(file.header.contigs)}
        count = sum(1 for _ in file)
    known = [known_variant(one, genotypes[one], spoken) for one, spoken in said.items() if spoken]
    known.sort(key=lambda one: (order[one.contig], one.position, one.alternate_bases))
    return Found(tuple(one.about for one in snapshots), count, tuple(known))


def known_variant(one: Allele, genotype: str, statements: Sequence[Statement]) -> KnownVariant:
    contig, position, reference, alternate = one
    return KnownVariant(
        contig=contig,
        position=position,
        reference_bases=reference,
        alternate_bases=alternate,
        genotype=genotype,
        statements=statements,
    )


def allele(record: pysam.VariantRecord) -> Allele:
    return str(record.contig), record.pos, str(record.ref), (record.alts or ("",))[0]


def genotype(record: pysam.VariantRecord) -> str:
    call = record.samples[0]
    bases = ("." if index is None else str(index) for index in call.allele_indices or ())
    return ("|" if call.phased else "/").join(bases)


def statements(record: pysam.VariantRecord, snapshot: Loaded) -> list[Statement]:
    release = snapshot.about.release
    if snapshot.about.source == CLINVAR:
        return clinvar(str(record.id), {name: text(value) for name, value in record.info.items()}, release)
    consequences = record.info.get("CSQ", ())
    return civic(map(str, consequences), snapshot.fields, release)


def text(value: object) -> str:
    """A value as the file has it: htslib cuts at commas, which these texts use."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
