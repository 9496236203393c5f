"""Features: the outputs of a frozen base, computed once and stored."""
