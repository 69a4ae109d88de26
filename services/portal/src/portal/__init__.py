"""The pathologist's worklist, viewer and reports, in the browser."""
