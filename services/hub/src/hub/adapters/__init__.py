"""I/O of the hub."""
