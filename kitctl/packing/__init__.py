"""Many files packed into the one script or notebook that Kaggle takes."""
