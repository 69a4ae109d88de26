"""What operations reads of a cluster."""
