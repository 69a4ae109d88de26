"""Counts over the variants of a VCF."""

from pathlib import Path

import pysam

from sequencing.quality import VariantTally

# Of fewer reads, one that was read wrong weighs too much.
LEAST_READS = 10
TRANSITIONS = frozenset({"AG", "GA", "CT", "TC"})


def tally(variants: Path) -> VariantTally:
    snps = indels = transitions = transversions = 0
    shares: list[float] = []
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
                    shares += reference_share(record)
                else:
                    indels += 1
    mean = sum(shares) / len(shares) if shares else 0.0
    return VariantTally(snps, indels, transitions, transversions, len(shares), mean)


def reference_share(record: pysam.VariantRecord) -> list[float]:
    """Of a homozygous SNP with enough reads, the share of them that show the reference."""
    call = record.samples[0]
    depths = call.get("AD")
    if set(call.allele_indices or ()) != {1} or not depths or None in depths or sum(depths) < LEAST_READS:
        return []
    return [depths[0] / sum(depths)]
