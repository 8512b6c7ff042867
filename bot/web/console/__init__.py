"""The staff console: pages, live stream and the simulated phone."""
