"""A project as it was written for MLflow: it imports mlflow, and knows nothing of Hookline."""

import sys

import mlflow
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import SGDRegressor
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


def main(alpha: float, epochs: int) -> None:
    features, target = load_diabetes(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        StandardScaler().fit_transform(features), target, random_state=0
    )
    model = SGDRegressor(alpha=alpha, random_state=0)
    with mlflow.start_run() as run:
        mlflow.log_param("penalty", model.penalty)
        for epoch in range(epochs):
            model.partial_fit(train_x, train_y)
            rmse = float(np.sqrt(mean_squared_error(test_y, model.predict(test_x))))
            mlflow.log_metric("rmse", rmse, step=epoch)
        mlflow.set_tag("framework", "scikit-learn")
        mlflow.log_text("\n".join(map(str, model.coef_)), "coefficients.txt")
        print(f"run {run.info.run_id}: rmse {rmse:.2f}")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(float(sys.argv[2])))
