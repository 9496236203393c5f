"""A sweep of any job: trials that are runs of their own, with values that a search chooses."""
