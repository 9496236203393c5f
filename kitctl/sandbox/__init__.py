"""Run a script or notebook on this machine as Kaggle runs it."""
