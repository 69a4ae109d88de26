"""I/O of audit."""
