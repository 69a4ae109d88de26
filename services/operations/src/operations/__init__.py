"""operations: looking after the platform."""
