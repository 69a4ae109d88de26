"""Settings of sequencing."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from chassis.settings import StoringSettings, cache
from sequencing.computations import Grain
from sequencing.quality import Thresholds


class SequencingSettings(StoringSettings):
    """Where sequencers drop reads, how a file name carries the sample, and which references there are."""

    PROOFS: ClassVar[tuple[str, ...]] = (*StoringSettings.PROOFS, "access_keys")
    reads_folder: Path = Field(description="holds incoming/, quarantine/ and filed/")
    reads_name: str = Field(
        default=r"(?P<accession>[^_]+)_(?P<sample>[^_]+)(_S\d+)?(_L(?P<lane>\d{3}))?_R?(?P<read>[12])(_001)?\.(fastq|fq)(\.gz)?",
        description="regular expression by which a FASTQ file's name carries accession, sample, lane and read (1 or 2)",
    )
    alignments_name: str = Field(
        default=r"(?P<accession>[^_]+)_(?P<sample>[^_]+)\.(bam|cram)",
        description="regular expression by which the name of a BAM or CRAM file carries accession and sample",
    )
    variants_name: str = Field(
        default=r"(?P<accession>[^_]+)_(?P<sample>[^_]+?)(\.g)?\.vcf(\.gz)?",
        description="regular expression by which the name of a VCF or gVCF that others called carries accession and sample",
    )
    outside_calls_name: str = Field(
        default=r"(?P<accession>[^_]+)_(?P<sample>[^_]+?)\.outside\.tsv",
        description="regular expression by which the name of a table of outside calls of genes carries accession and sample",
    )
    reads_quiet_seconds: float = Field(default=2.0, gt=0, description="files that have not changed for this long are complete")
    references: Path = Field(description="JSON file, reference name to FASTA file and its SHA-256")
    indexes: Path = Field(
        default_factory=lambda: cache() / "indexes", description="indexes of references; safe to empty, slow to make again"
    )
    snapshots: Path | None = Field(
        default=None, description="folder of snapshots of ClinVar and CIViC (casepath variants snapshot); none without"
    )
    reference: str = Field(description="name of the reference that reads are called against")
    engine: Literal["bcftools", "gatk"] = Field(default="bcftools", description="what calls variants")
    gatk: Path | None = Field(default=None, description="folder with GATK's jars, where it calls")
    access_keys: Path | None = Field(default=None, description="JWK Set of those who issue tokens, for runs of research")
    projects: Path | None = Field(default=None, description="JSON file, projects of research with members and quotas")
    runs_address: str = Field(default="", description="host:port on which runs are asked for over gRPC; empty for none")
    wes_address: str = Field(default="", description="host:port of the Workflow Execution Service; empty for none")
    organisation: str = Field(default="casepath", description="whose service it is, as the Workflow Execution Service says it")
    core_hour_price: float = Field(default=0.0, ge=0, description="of a core for an hour, to tell what a run costs; 0 tells none")
    currency: str = Field(default="EUR", description="of that price")
    workflows: Literal["never", "if-possible", "always"] = Field(
        default="never", description="whether researchers may run workflows of their own, in Snakemake, sandboxed by bubblewrap"
    )
    workflow_tools: Path | None = Field(default=None, description="folder whose bin/ holds programs for these; none besides ours")
    workflow_hours: float = Field(default=24.0, gt=0, description="of a process, for one of these in all")
    workflow_memory: int = Field(default=4096, ge=512, description="MiB of one program in these")
    workflow_disk: int = Field(default=51200, ge=16, description="MiB of one of these, with all that it makes")
    workers: int = Field(default=1, ge=1, le=256, description="work items at once, each in a process of its own")
    threads: int = Field(default=1, ge=1, le=64, description="of one process, while it aligns")
    least_mapped: float = Field(default=0.8, ge=0, le=1, description="share of reads that must align, for a report to be made")
    most_duplicates: float = Field(default=0.5, ge=0, le=1, description="share of aligned reads that may be duplicates")
    least_q30: float = Field(default=0.7, ge=0, le=1, description="share of bases that must be at Phred 30 or above")
    least_coverage: float = Field(default=0.0, ge=0, description="mean depth over the reference; 0 asks nothing")
    least_covered_10x: float = Field(default=0.0, ge=0, le=1, description="share of positions covered ten times; 0 asks nothing")
    most_contamination: float = Field(
        default=0.05, ge=0, le=1, description="share of reads of the reference at homozygous SNPs; 1 asks nothing"
    )
    least_concordance: float = Field(
        default=0.8, ge=0, le=1, description="share of SNPs with the genotype of the patient's other samples; 0 asks nothing"
    )
    chunk_pairs: int = Field(default=250_000, ge=1, description="pairs of reads that are aligned together; changes no result")
    shard_bases: int = Field(default=5_000_000, ge=10_000, description="bases of the reference that are called together")

    @property
    def grain(self) -> Grain:
        return Grain(self.chunk_pairs, self.shard_bases)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(
            least_mapped=self.least_mapped,
            most_duplicates=self.most_duplicates,
            least_q30=self.least_q30,
            least_coverage=self.least_coverage,
            least_covered_10x=self.least_covered_10x,
            most_contamination=self.most_contamination,
            least_concordance=self.least_concordance,
        )
