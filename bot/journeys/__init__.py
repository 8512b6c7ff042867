"""Drips, campaigns, audiences and experiments. Pure."""
