"""Who assigns France's national health identifiers, and what FHIR calls each (HL7 France, FR Core 2.1, FRCorePatientINS)."""

# By OID: the number of the registry, of those who wait to be in it, and those for tests and demonstrations.
AUTHORITIES = {
    "1.2.250.1.213.1.4.8": "INS-NIR",
    "1.2.250.1.213.1.4.9": "INS-NIA",
    "1.2.250.1.213.1.4.10": "INS-NIR-TEST",
    "1.2.250.1.213.1.4.11": "INS-NIR-DEMO",
}
