"""Tell three cultivars of wine apart (scikit-learn's bundled data: 178 wines, 13 measurements), with autolog."""

import argparse

from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

import hookline


def main() -> None:
    """Train a forest; `hookline.autolog` logs its params, metrics, dataset and model without another line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trees", type=float, default=100)
    parser.add_argument("--depth", type=float, default=4)
    options = parser.parse_args()

    data = load_wine(as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(data.data, data.target, random_state=0, stratify=data.target)

    hookline.autolog()
    with hookline.start_run() as run:
        forest = RandomForestClassifier(int(options.trees), max_depth=int(options.depth), random_state=0)
        forest.fit(train_x, train_y)
        accuracy = forest.score(test_x, test_y)
        run.log_metric("test_accuracy", accuracy)
        print(f"test accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main()
