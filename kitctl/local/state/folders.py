"""The folders of a local Kaggle's state, beside its database."""

FOLDERS = ("sessions", "blobs", "datasets", "submissions", "competitions")
