"""One file per provider, sans-IO: verify, parse, acknowledge, compose, read."""
