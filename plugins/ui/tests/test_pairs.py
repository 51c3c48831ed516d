"""A report joins metrics in the page by the law of `chart_pairs`: `pairs.json` holds what that answers, for both sides.

To write it anew: `python plugins/ui/tests/test_pairs.py`.
"""

import json
import random
from array import array
from math import inf, nan
from pathlib import Path

import pytest
from attrs import asdict

from hookline import pairs
from hookline.charts import by_step, chart_columns
from hookline.entities import PairsView
from hookline_lib_wire.codec import encode
from hookline_server.handlers.tables import _columns, _pairs

GOLDEN = Path(__file__).parents[1] / "frontend/tests/pairs.json"
MOST = 16


def points(seed, count, stride=1, first=0, odd=()):
    """Return steps, some of them more than once, and values, some of them equal."""
    chance = random.Random(seed)
    steps = [first + stride * at // (1 if at % 5 else 2) for at in range(count)]
    values = [odd[at % len(odd)] if odd and at % 4 == 1 else chance.randrange(-40, 40) / 8 for at in range(count)]
    return by_step(array("q", steps), array("d", values))


ODD = (nan, inf, -inf)
CASES = {
    "single points": (points(1, 12), points(2, 12), PairsView(50)),
    "what is not finite": (points(3, 15, odd=ODD), points(4, 16, odd=ODD), PairsView(50)),
    "steps that only one of the two has": (points(5, 14, stride=2), points(6, 14, stride=3), PairsView(50)),
    "columns of x": (points(7, 16), points(8, 16), PairsView(5)),
    "one column of x": (points(7, 16), points(8, 16), PairsView(1)),
    "a part of x": (points(9, 16), points(10, 16), PairsView(50, -2.5, 1.5)),
    "columns of steps": (points(11, 300), points(12, 300), PairsView(50)),
    "columns of steps of two lengths": (points(13, 300, stride=3), points(14, 60, stride=2), PairsView(50)),
    "columns of steps, and single ones": (points(15, 300), points(16, 9, stride=31, odd=ODD), PairsView(50)),
    "columns of steps below zero": (points(17, 90, first=-70), points(18, 200, first=-90, odd=ODD), PairsView(6)),
    "no partner": (points(19, 300), points(20, 40, first=5000), PairsView(50)),
    "nothing on x": (points(21, 300), points(22, 0), PairsView(50)),
}


def answered(name):
    """Return a case as it travels: the charts that a report holds, what is asked, and what a store answers."""
    y, x, view = CASES[name]
    charts = {key: chart_columns("r", key, *series, MOST) for key, series in {"y": y, "x": x}.items()}
    found = pairs.pairs_of("r", ("y", "x"), lambda key, *_closer: charts[key], view)  # a report has no closer look
    case = {
        "name": name,
        "most": MOST,
        "view": {key: value for key, value in asdict(view).items() if value is not None},
        "charts": [_columns(each) for each in charts.values()],
        "pairs": _pairs(found),
    }
    return json.loads(encode(case))


@pytest.mark.parametrize("name", CASES)
def test_what_the_page_joins_is_what_a_store_answers(monkeypatch, name):
    monkeypatch.setattr(pairs, "MOST_POINTS", MOST)
    monkeypatch.setattr(pairs, "MOST_COLUMNS", MOST)
    [golden] = [each for each in json.loads(GOLDEN.read_text(encoding="utf-8")) if each["name"] == name]
    assert golden == answered(name), "Write it anew: python plugins/ui/tests/test_pairs.py"


if __name__ == "__main__":
    pairs.MOST_POINTS = pairs.MOST_COLUMNS = MOST
    GOLDEN.write_text(
        "[\n" + ",\n".join(json.dumps(answered(name)) for name in CASES) + "\n]\n", encoding="utf-8", newline="\n"
    )
