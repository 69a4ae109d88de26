"""A region's data for research: gathered from hospitals, versioned, counted."""
