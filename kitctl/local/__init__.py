"""The local Kaggle."""
