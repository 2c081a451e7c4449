"""Lambda handlers that no HTTP request calls."""
