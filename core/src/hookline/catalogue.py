"""Which distribution offers what: names for the texts that say what to install. Data, never imported code.

Of the distributions that offer a kind the first is the one to begin with.
"""

_OFFERS: dict[str, dict[str, tuple[str, ...]]] = {
    "hookline-artifact-file": {"artifact_stores": ("file",)},
    "hookline-auth-basic": {"authenticators": ("auth-basic",), "commands": ("auth users create",)},
    "hookline-backend-local": {"project_backends": ("local",)},
    "hookline-backend-container": {"project_backends": ("container",)},
    "hookline-context-git": {"run_contexts": ("git",)},
    "hookline-context-system": {"run_contexts": ("system",)},
    "hookline-deploy-container": {"deployment_targets": ("container",)},
    "hookline-deploy-local": {"deployment_targets": ("local",), "commands": ("models serve",)},
    "hookline-env-docker": {"environments": ("docker",)},
    "hookline-env-venv": {"environments": ("current", "uv", "virtualenv")},
    "hookline-env-conda": {"environments": ("conda",)},
    "hookline-flavor-python": {"flavors": ("python_function",)},
    "hookline-flavor-keras": {"flavors": ("keras",)},
    "hookline-flavor-lightgbm": {"flavors": ("lightgbm",)},
    "hookline-flavor-onnx": {"flavors": ("onnx",)},
    "hookline-flavor-pytorch": {"flavors": ("pytorch",)},
    "hookline-flavor-sklearn": {"flavors": ("sklearn",)},
    "hookline-flavor-tensorflow": {"flavors": ("tensorflow",)},
    "hookline-flavor-transformers": {"flavors": ("transformers",)},
    "hookline-flavor-xgboost": {"flavors": ("xgboost",)},
    "hookline-import-mlflow": {"commands": ("import mlflow",)},
    "hookline-score-local": {"scoring_engines": ("local",)},
    "hookline-score-spark": {"scoring_engines": ("spark",)},
    "hookline-server": {"commands": ("server",), "project_gateways": ("mlflow",)},
    "hookline-source-git": {"project_sources": ("git", "ssh", "https", "http")},
    "hookline-source-zip": {"project_sources": ("zip",)},
    "hookline-tracking-sql": {
        "tracking_stores": ("sqlite",),
        "model_registries": ("sqlite",),
        "commands": ("db upgrade", "db check", "db backup"),
    },
    "hookline-artifact-http": {"artifact_stores": ("http", "https")},
    "hookline-artifact-fsspec": {"artifact_stores": ("sftp", "ftp", "ftps", "webdav", "webdavs", "hdfs", "fsspec")},
    "hookline-artifact-object": {"artifact_stores": ("s3", "gs", "az", "abfss", "wasbs")},
    "hookline-tracking-http": {"tracking_stores": ("http", "https"), "model_registries": ("http", "https")},
}


def what_to_install(kind: str, name: str = "") -> str | None:
    """Return the distribution that offers a provider, or the first of its kind where no name is given, or None."""
    for distribution, offers in _OFFERS.items():
        names = offers.get(kind, ())
        if name in names or (not name and names):
            return distribution
    return None


def known_names(kind: str) -> tuple[str, ...]:
    """Return the names that the distributions of this catalogue offer for a kind."""
    return tuple(name for offers in _OFFERS.values() for name in offers.get(kind, ()))
