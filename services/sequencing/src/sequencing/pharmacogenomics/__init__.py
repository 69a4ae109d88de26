"""From a patient's genotypes at known positions to named alleles, their function, and the guidance for each drug."""
