"""The week's hours: who used them, and whether a push fits."""
