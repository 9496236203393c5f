"""Data sets on Kaggle: a folder checked, pushed as a version, and pulled."""
