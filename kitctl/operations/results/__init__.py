"""Runs whose results are on this machine: read and compared."""
