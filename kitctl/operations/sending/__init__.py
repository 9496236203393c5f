"""A push: the kernel it saves to, when it is sent, and that it is sent once."""
