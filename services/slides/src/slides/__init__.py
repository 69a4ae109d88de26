"""Slide ingestion: watch, check, match, convert to DICOM, store."""
