"""A job: its metadata, its code and its inputs, and what Kaggle takes of them."""
