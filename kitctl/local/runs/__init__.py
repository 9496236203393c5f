"""The local Kaggle's sessions: their queue, their processes and their logs."""
