"""The outside: Kaggle, the ledger's file, downloads."""
