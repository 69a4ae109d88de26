"""The tools that we run, as a shell runs them: the whole genome at once, and nothing between."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.bare_tools import bare_tools

ALIGN = """set -e -o pipefail
minimap2 -ax sr -t 1 -R '@RG\\tID:S\\tSM:S\\tPL:ILLUMINA\\tLB:S' $R $A $B |
  samtools fixmate -u -m - - | samtools sort -u -T sort - |
  samtools markdup - bare.bam
samtools index bare.bam
samtools stats -d bare.bam > stats.txt
"""
BCFTOOLS = """
bcftools mpileup -Ou -a FORMAT/AD,FORMAT/DP,INFO/AD -q 1 -d 1000 -f $R bare.bam |
  bcftools call -m --gvcf 1,5,10,20 -a GQ -Ob1 -o raw.bcf
bcftools norm -f $R -Oz -o bare.g.vcf.gz raw.bcf
bcftools view -e N_ALT=0 -Ou raw.bcf | bcftools norm -m -any -f $R -Oz -o bare.vcf.gz -
bcftools index -t bare.vcf.gz
bcftools index -t bare.g.vcf.gz
"""
GATK = """
samtools faidx $R
samtools dict -o ${R%.*}.dict $R
gatk() { java -Xmx3g -cp "$GATK_JARS/*" org.broadinstitute.hellbender.Main "$@"; }
gatk HaplotypeCaller -R $R -I bare.bam -ERC GVCF --native-pair-hmm-threads 1 -O bare.g.vcf.gz
gatk GenotypeGVCFs -R $R -V bare.g.vcf.gz -O genotyped.vcf.gz
bcftools norm -f $R -m -any -Oz -o bare.vcf.gz genotyped.vcf.gz
bcftools index -t bare.vcf.gz
"""


def environment(reference: Path, pair: Sequence[Path], folder: Path) -> Mapping[str, str]:
    """What the chain reads its inputs from. The reference is copied to the folder: the tools write indexes beside it."""
    copied = Path(shutil.copy(reference, folder))
    return {"PATH": f"{bare_tools()}:{os.environ['PATH']}", "R": str(copied), "A": str(pair[0]), "B": str(pair[1])}
