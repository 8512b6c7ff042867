"""What may be said, when, how long it is and by which route. Pure."""
