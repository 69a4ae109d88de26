"""Real inputs for the demo and the tests; README.md beside this file says where they come from."""

from pathlib import Path

FOLDER = Path(__file__).parent
SLIDE = FOLDER / "slide.svs"
READS = FOLDER / "reads_1.fastq.gz", FOLDER / "reads_2.fastq.gz"
GENOTYPES, OUTSIDE_CALLS = FOLDER / "genotypes.vcf", FOLDER / "genotypes.outside.tsv"
REFERENCE = FOLDER / "reference.fa"
REFERENCE_NAME = "hg19-chr20-9995000-11095000"
