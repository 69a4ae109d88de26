"""What leaves a hospital for research: de-identified, by project."""
