"""The files by which a packaged job runs on other services than Kaggle."""
