"""I/O of records."""
