"""Studies on a region's data: asked for, approved, extracted, worked on where they lie, and let out by review alone."""
