"""Researchers' own workflows, in Snakemake: in a sandbox, on what care leaves free."""
