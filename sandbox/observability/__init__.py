"""What a sandbox tells those who run it: readiness, metrics, a line for each request, traces. It names no person, token or body."""
