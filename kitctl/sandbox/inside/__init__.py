"""Programs and modules that stand in a run itself, as its kit."""
