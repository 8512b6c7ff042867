"""All of Redis, and the archive."""
