"""`python -m kitctl.local FOLDER [PORT]`: the server process that `kitctl local start` starts."""

from __future__ import annotations

import sys
from pathlib import Path

from kitctl.errors import KitError
from kitctl.local.process import serve

if __name__ == "__main__":
    try:
        serve(Path(sys.argv[1]), port=int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    except KitError as error:
        sys.exit(error.message)
