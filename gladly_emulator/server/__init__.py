"""The HTTP server: Gladly's API, its access control and limits, faults on demand, and control endpoints."""
