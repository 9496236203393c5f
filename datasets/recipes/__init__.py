"""What the data sets' recipes share: making a folder whole or not at all, fetching a package."""
