"""The training job: a package here, one script on Kaggle."""
