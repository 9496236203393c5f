"""Training: loops over epochs, checkpoints and the rules that end a run early."""
