"""Measurements of the input pipelines, and pictures of their timelines."""
