"""Record filing: DICOMweb STOW-RS and FHIR R4."""
