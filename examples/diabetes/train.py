"""Predict the progression of diabetes a year on (scikit-learn's bundled data: 442 patients, 10 measurements)."""

import argparse

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.linear_model import SGDRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import hookline


def main() -> None:
    """Train epoch by epoch, and log params, a point of each metric per epoch, a figure and the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alpha", default="0.1", help="strength of the regularisation")
    parser.add_argument("--l1-ratio", default="0.5", help="0 is ridge, 1 is lasso")
    parser.add_argument("--epochs", default="50")
    options = parser.parse_args()

    data = load_diabetes(as_frame=True, scaled=False)
    train_x, test_x, train_y, test_y = train_test_split(data.data, data.target, random_state=0)

    with hookline.start_run() as run:
        run.log_params(vars(options))  # as they were given, like the project that started this program does
        run.log_input(train_x, context="training")
        scaler = StandardScaler().fit(train_x)
        regressor = SGDRegressor(
            penalty="elasticnet",
            alpha=float(options.alpha),
            l1_ratio=float(options.l1_ratio),
            eta0=0.001,
            random_state=0,
        )
        for epoch in range(int(float(options.epochs))):
            regressor.partial_fit(scaler.transform(train_x), train_y)
            predicted = regressor.predict(scaler.transform(test_x))
            scores = {
                "rmse": root_mean_squared_error(test_y, predicted),
                "mae": mean_absolute_error(test_y, predicted),
                "r2": r2_score(test_y, predicted),
            }
            run.log_metrics(scores, step=epoch)

        figure, axes = plt.subplots(figsize=(5, 5))
        axes.scatter(test_y, predicted, s=12)
        axes.axline((100, 100), slope=1, color="gray", linewidth=1)
        axes.set(xlabel="measured progression", ylabel="predicted progression", title=f"RMSE {scores['rmse']:.1f}")
        run.log_figure(figure, "plots/predicted.png")
        plt.close(figure)

        model = make_pipeline(scaler, regressor)
        run.log_model(model, "model", input_example=test_x.head(3))
        print(f"rmse {scores['rmse']:.2f}  mae {scores['mae']:.2f}  r2 {scores['r2']:.3f}")


if __name__ == "__main__":
    main()
