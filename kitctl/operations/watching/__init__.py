"""Runs on Kaggle: find one, follow it to its end, stop it, keep the ledger up to date."""
