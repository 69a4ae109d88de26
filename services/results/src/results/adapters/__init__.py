"""I/O of results."""
