"""One file per thing a customer can mean; the file is found by its name, never imported by it."""
