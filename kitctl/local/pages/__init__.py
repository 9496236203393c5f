"""The local Kaggle's pages for a browser: runs, logs, outputs, data sets, quota."""
