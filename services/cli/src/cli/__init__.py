"""The casepath command."""
