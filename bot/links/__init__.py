"""Session protocols: the connection that a gateway's pure part speaks through."""
