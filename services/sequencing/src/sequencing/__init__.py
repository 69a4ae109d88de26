"""Reads to variants: align, mark duplicates, call, normalise."""
