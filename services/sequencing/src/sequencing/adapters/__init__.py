"""I/O of sequencing."""
