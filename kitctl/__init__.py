"""Batch jobs on Kaggle's GPUs from your own machine."""

__version__ = "0.1.0"
