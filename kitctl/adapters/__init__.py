"""Implementations of the ports: Kaggle, the ledger, downloads, the results folder."""
