"""What calls variants from a shard's alignments: one interface, two engines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from casepath.sequencing.v1.calling_pb2 import Shard
from sequencing.adapters.reference_index import IndexedReference


class CallingEngine(Protocol):
    """Calls shards apart, and joins what was called in them."""

    def versions(self) -> tuple[str, ...]:
        """The tools with their versions, such as "bcftools 1.24"."""

    def call(self, alignments: Path, shard: Shard, reference: IndexedReference, scratch: Path) -> list[Path]:
        """Files of the shard's calls, for `join` alone. `alignments` may also hold reads that lie beside the shard."""

    def join(self, parts: Sequence[Sequence[Path]], reference: IndexedReference, variants: Path, genomic: Path) -> None:
        """Write the VCF (normalised, one allele a record) and the gVCF, in bgzip with their indexes, from the shards in order."""
