"""Results to hospital systems: HL7 v2 over MLLP."""
