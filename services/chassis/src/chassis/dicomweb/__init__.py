"""Answering DICOMweb (PS3.18) for stored whole-slide images: what can be searched, and frames by byte range."""
