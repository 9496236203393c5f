"""Switches of the local Kaggle for tests: faults, ready-made runs, settings."""
