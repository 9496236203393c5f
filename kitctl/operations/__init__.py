"""The commands, one a file: they take ports, return frozen results, and never print."""
