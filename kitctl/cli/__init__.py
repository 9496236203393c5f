"""The command line: parse, call an operation, hand its result to the renderer."""
