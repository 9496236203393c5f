"""Runs on Kaggle: their names, states and times."""
