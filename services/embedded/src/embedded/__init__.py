"""A whole hospital in small on one machine: Kafka, Orthanc, HAPI FHIR, every service, and the demo."""
