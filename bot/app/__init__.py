"""The composition root: reads the settings, builds the rooms and wires them; it has no behaviour of its own."""
