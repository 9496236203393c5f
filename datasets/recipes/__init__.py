"""The shared parts of the recipes: atomic folders, and fetching of packages."""
