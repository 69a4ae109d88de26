"""Who had to do with which patient's data: kept so that a change shows, and filed."""
