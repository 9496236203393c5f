"""Fetch the files of a run."""
