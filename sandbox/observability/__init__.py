"""What a sandbox tells those who run it: readiness, metrics, a line for each request, traces; without persons and tokens."""
