"""A job's script run on this machine."""
