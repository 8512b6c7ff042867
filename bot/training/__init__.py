"""Makes the mood model; never imported by a serving process."""
