"""I/O of cases."""
