"""Data sets and models on Kaggle, and folders that become one."""
