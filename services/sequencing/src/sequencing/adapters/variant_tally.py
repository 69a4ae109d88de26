"""Counts over the variants of a VCF."""

from pathlib import Path

import pysam

from sequencing.quality import VariantTally

TRANSITIONS = frozenset({"AG", "GA", "CT", "TC"})


def tally(variants: Path) -> VariantTally:
    snps = indels = transitions = transversions = 0
    # htslib warns on stderr that bcftools declares MQ as an integer.
    pysam.set_verbosity(1)
    with pysam.VariantFile(str(variants)) as vcf:
        for record in vcf:
            for alternative in record.alts or ():
                if len(record.ref or "") == len(alternative) == 1:
                    snps += 1
                    change = f"{record.ref}{alternative}".upper() in TRANSITIONS
                    transitions += change
                    transversions += not change
                else:
                    indels += 1
    return VariantTally(snps, indels, transitions, transversions)
