"""What the providers' ways of speaking have in common: bodies, numbers, times, alphabets, signatures."""
