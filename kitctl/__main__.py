"""`python -m kitctl`, and the `kitctl` command itself."""

import gc
import sys

# More objects than a short command makes, few enough that garbage never weighs much.
OBJECTS_BEFORE_COLLECTION = 100_000


def main() -> int:
    """Runs the command line of this process.

    Python looks for garbage time and again while modules load, and once more in all of them at the
    end, when everything goes anyway: together a fifth of a cold command's time.
    """
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    try:
        from kitctl.cli.main import main as run
    except KeyboardInterrupt:  # The modules that would say it better are not loaded yet.
        print("error: Stopped by Ctrl-C.", file=sys.stderr)
        return 130
    code = run()
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
