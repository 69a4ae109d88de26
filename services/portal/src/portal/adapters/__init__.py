"""I/O of portal."""
