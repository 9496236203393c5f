"""What a run leaves: results, manifest, a verdict on the curves, and their verification."""
