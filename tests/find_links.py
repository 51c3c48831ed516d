"""Run a command whose uv also looks for distributions where pip is told to: `python find_links.py uv pip install ...`.

PyPI's wheels of PyTorch bring gigabytes for graphics cards. Who has others names them in pip's `find-links`, which uv
does not read.
"""

import ast
import os
import subprocess
import sys


def find_links() -> list[str]:
    """Return the places of pip's configuration, whichever of its files or variables names them."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    pairs = [line.partition("=") for line in listed.stdout.splitlines() if "find-links=" in line]
    return list(dict.fromkeys(place for _, _, value in pairs for place in ast.literal_eval(value).split()))


if __name__ == "__main__":
    if not sys.argv[1:]:
        print("Name the command to run: python find_links.py COMMAND [ARGUMENT ...]", file=sys.stderr)
        sys.exit(2)
    places = [*filter(None, os.environ.get("UV_FIND_LINKS", "").split(",")), *find_links()]
    environment = {**os.environ, "UV_FIND_LINKS": ",".join(places)} if places else os.environ
    sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)
