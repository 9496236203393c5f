"""`python -m kitctl`, and the `kitctl` command itself."""

import sys

from kitctl.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
