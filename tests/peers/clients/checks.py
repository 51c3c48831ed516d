"""Counting what a client was asked, how much of it was compared with what must come, and what differed."""

import json
import math
import traceback


class Checks:
    """Calls with the answers that they must give; what differs is kept and told at the end.

    Attributes:
        calls: how many were made.
        compared: of how many the answer, or the refusal, was compared; the others had to succeed.
    """

    def __init__(self):
        self.calls = self.compared = 0
        self.failures = []

    def same(self, name, call, expected):
        """Call, and compare the answer; return it."""
        self.calls += 1
        self.compared += 1
        try:
            found = call()
        except Exception:
            self.failures.append(f"{name}: {traceback.format_exc(limit=-3)}")
            return None
        if not _equal(found, expected):
            self.failures.append(f"{name}: {found!r}, not {expected!r}")
        return found

    def done(self, name, call, then=None, expected=None):
        """Call something whose effect is seen by another call; return its own answer."""
        self.calls += 1
        try:
            answer = call()
        except Exception:
            self.failures.append(f"{name}: {traceback.format_exc(limit=-3)}")
            return None
        if then is not None:
            self.same(f"{name}, seen by another call", then, expected)
        return answer

    def refused(self, name, call, code):
        """Call something that must be refused with an error code."""
        self.calls += 1
        self.compared += 1
        try:
            answer = call()
        except Exception as error:
            if getattr(error, "error_code", None) != code:
                self.failures.append(f"{name}: {error!r}, not {code}")
        else:
            self.failures.append(f"{name}: not refused, but {answer!r}")

    def tell(self, version):
        """Print what became of it as JSON."""
        said = {"version": version, "calls": self.calls, "compared": self.compared, "failures": self.failures}
        print(json.dumps(said))


def _equal(found, expected):
    if isinstance(expected, float) and isinstance(found, float):
        return found == expected or (math.isnan(found) and math.isnan(expected))
    if isinstance(expected, dict) and isinstance(found, dict):
        return found.keys() == expected.keys() and all(_equal(found[key], expected[key]) for key in expected)
    return bool(found == expected)
