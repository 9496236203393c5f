"""The local Kaggle's HTTP interface: routes, JSON, tokens and file transfers."""
