"""What advice asks of others."""
