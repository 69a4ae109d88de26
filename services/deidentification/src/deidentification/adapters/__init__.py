"""I/O of deidentification."""
