"""Results as people see them and as machines read them."""
