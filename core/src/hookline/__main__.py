"""The command `hookline`, also as `python -m hookline`."""

import sys
from importlib import import_module

from hookline import __version__


def main() -> None:
    """Run the command line; `--version` alone is answered without loading any of it."""
    if sys.argv[1:] == ["--version"]:
        print(f"hookline {__version__}")
        return
    try:
        import_module("hookline.cli").main()
    except KeyboardInterrupt:  # before a command was at work, which reports it by itself
        sys.exit(130)


if __name__ == "__main__":
    main()
