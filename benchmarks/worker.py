"""Does one job in this process: `python worker.py JOB`, where JOB is JSON. Started by the commands beside it."""

import json
import os
import sys
import traceback
import warnings

from comparison.adapters.base import NotOffered
from comparison.jobs import Job, tell


def main() -> None:
    """Do the job, write its figures, and leave at once: some clients wait at exit for a server that is not there."""
    warnings.simplefilter("ignore")
    code = 0
    try:
        tell(Job(**json.loads(sys.argv[1])).run())
    except NotOffered as reason:
        tell({"skipped": str(reason)})
    except Exception:  # noqa: BLE001 - whatever a product raises is this cell's error
        traceback.print_exc()
        code = 1
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
