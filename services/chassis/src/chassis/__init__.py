"""What every casepath service stands on: events, worker loop, errors, settings, telemetry, objects."""
