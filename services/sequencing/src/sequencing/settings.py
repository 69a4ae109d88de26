"""Settings of sequencing."""

from pathlib import Path

from pydantic import Field

from chassis.settings import StoringSettings


class SequencingSettings(StoringSettings):
    """Where sequencers drop reads, how a file name carries the sample, and which references there are."""

    reads_folder: Path = Field(description="holds incoming/, quarantine/ and filed/")
    reads_name: str = Field(
        default=r"(?P<accession>[^_]+)_(?P<sample>[^_]+)_R?(?P<read>[12])\.(fastq|fq)(\.gz)?",
        description="regular expression that a file name must match to carry accession, sample and read (1 or 2)",
    )
    reads_quiet_seconds: float = Field(default=2.0, gt=0, description="files that have not changed for this long are complete")
    references: Path = Field(description="JSON file, reference name to FASTA file")
    reference: str = Field(description="name of the reference that reads are called against")
    threads: int = Field(default=2, ge=1, le=64, description="of one calling job")
