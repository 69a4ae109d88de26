"""Case assembly from every event, and queries over gRPC."""
