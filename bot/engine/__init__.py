"""The decision: event in, effects out. Pure."""
