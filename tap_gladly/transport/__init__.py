"""HTTP: connections, rate limits, retries, downloads."""
