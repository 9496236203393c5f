"""The local Kaggle's rules and memory (SQLite), free of HTTP and of processes."""
