"""What a run reports of itself: its log, its files, its metrics."""
