"""What a push or a local run would send: the packed job, its options and its packages."""
