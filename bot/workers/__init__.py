"""The loops: the only rooms with a clock and a sleep."""
