"""Training: loops over epochs, checkpoints, and reasons to end a run early."""
