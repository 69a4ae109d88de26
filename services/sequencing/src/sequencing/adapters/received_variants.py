"""Variants that somebody else called, before they are taken."""

from pathlib import Path

from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_DAMAGED_VARIANTS,
    REJECTION_REASON_EMPTY,
    REJECTION_REASON_NOT_ONE_SAMPLE,
    REJECTION_REASON_OTHER_BUILD,
    REJECTION_REASON_OUTSIDE_CALLS,
    REJECTION_REASON_UNSORTED_VARIANTS,
    RejectionReason,
)
from sequencing.adapters.vcf_grammar import check_grammar
from sequencing.pharmacogenomics.outside_calls import NotOutsideCalls, read_outside
from sequencing.pharmacogenomics.variant_file import NotOneSample, OtherBuild, Unsorted, VariantsUnfit, read_genotypes
from sequencing.rejection import ReadsUnfit

REASONS: dict[type[VariantsUnfit], RejectionReason] = {
    NotOneSample: REJECTION_REASON_NOT_ONE_SAMPLE,
    Unsorted: REJECTION_REASON_UNSORTED_VARIANTS,
    OtherBuild: REJECTION_REASON_OTHER_BUILD,
}


def check_variants(files: tuple[Path, ...]) -> int:
    """Read a VCF or gVCF to its end, and a table of outside calls where there is one; return how many records there are.

    Raise ReadsUnfit, with the number of the record, or the line of the table, that is at fault.
    """
    try:
        records = read_genotypes(files[0], ordered=True).records
        check_grammar(files[0])
    except VariantsUnfit as error:
        raise ReadsUnfit(REASONS.get(type(error), REJECTION_REASON_DAMAGED_VARIANTS), 1, error.record) from None
    if not records:
        raise ReadsUnfit(REJECTION_REASON_EMPTY, 1)
    for table in files[1:]:
        try:
            read_outside(table)
        except NotOutsideCalls as error:
            raise ReadsUnfit(REJECTION_REASON_OUTSIDE_CALLS, 2, error.line, error.line) from None
    return records
