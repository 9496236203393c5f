"""The settings of the job: their defaults, checks and meaning."""
