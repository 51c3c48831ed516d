"""What a search over parameters tells: its best candidate, a table of all, and a child run for each of the best."""

import csv
import io
from typing import Any

from hookline.autologging import OpenRun
from hookline.run import Run
from hookline_flavor_sklearn.descriptions import tags_of, texts_of


def is_search(estimator: Any) -> bool:
    """Return whether a trained estimator tried candidates, as `GridSearchCV` and its kin do."""
    results = getattr(estimator, "cv_results_", None)
    return isinstance(results, dict) and "params" in results


def log_search(run: Run, search: Any, open_run: OpenRun, max_runs: int | None) -> None:
    """Log a finished search into its run.

    Args:
        max_runs: how many candidates get a child run, the best first; None for all.
    """
    run.log_params(texts_of(getattr(search, "best_params_", {}), "best_"))
    if hasattr(search, "best_score_"):
        run.log_metric("best_cv_score", search.best_score_)
    results = search.cv_results_
    run.log_text(_table(results), "cv_results.csv")
    for index in _best_first(search)[:max_runs]:
        with open_run(parent=run) as child:
            child.set_tags(tags_of(search.estimator))
            child.log_params(texts_of(results["params"][index]))
            child.log_metrics(_measures(results, index))


def _best_first(search: Any) -> list[int]:
    """Return the candidates' indices by rank; where several scores were taken, by the one that `refit` names."""
    results = search.cv_results_
    ranks = [name for name in results if name.startswith("rank_test_")]
    chosen = f"rank_test_{search.refit}"
    order = results[chosen if chosen in ranks else ranks[0]]
    return sorted(range(len(order)), key=lambda index: (order[index], index))


def _measures(results: dict[str, Any], index: int) -> dict[str, float]:
    """Return a candidate's numbers: times, mean scores with their deviations, ranks; not those of the single splits."""
    kinds = ("mean_", "std_", "rank_")
    return {name: float(values[index]) for name, values in results.items() if name.startswith(kinds)}


def _table(results: dict[str, Any]) -> str:
    """Return all candidates as CSV, a line for each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(results)
    writer.writerows(zip(*results.values(), strict=True))
    return text.getvalue()
