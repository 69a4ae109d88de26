"""Hospital systems in: HL7 v2 over MLLP to events."""
