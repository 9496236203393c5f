"""The week's hours, and those that the next run would take."""
