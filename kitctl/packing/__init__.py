"""Turn a project into the one script or notebook that Kaggle takes."""
