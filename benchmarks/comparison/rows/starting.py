"""Installing, importing, starting."""

from comparison.rows.base import Column, Row

PRODUCTS = ("hookline", "mlflow-sqlite", "dvclive", "aim", "trackio", "wandb-offline", "tensorboardx", "sacred")

ROWS = (
    Row(
        "startup",
        "Import, --version and --help",
        "CPU milliseconds (user and system) of the whole process, the median of several warm starts; the law is "
        "import <= 2, --version <= 4, --help <= 12 times the bare interpreter, < 1 ms a further plugin",
        "starting:startup",
        (*PRODUCTS, "limit-python"),
        (
            Column("import_ms", "import, CPU ms", "low", ratio=True),
            Column("version_ms", "--version, CPU ms", "low", ratio=True),
            Column("help_ms", "--help, CPU ms", "low", ratio=True),
            Column("plugin_ms", "a further plugin, CPU ms"),
        ),
        {"times": 5},
        {"times": 1},
        limit="limit-python",
    ),
    Row(
        "install",
        "Size of an installation",
        "packages, and MB of files without those that Python compiles, in an environment with nothing else",
        "starting:installation",
        PRODUCTS,
        (Column("packages", "packages", "low"), Column("mb", "MB", "low", ratio=True)),
        {},
        {},
        no_limit="nothing installed is no product",
        budget=120,
    ),
    Row(
        "project-run",
        "Run a project",
        "`run` of a project whose command prints its arguments, in the environment that is there; over = wall time "
        "more than that command by itself",
        "starting:project",
        ("hookline", "mlflow-sqlite", "limit-python"),
        (
            Column("s", "s", "low", ratio=True),
            Column("over_ms", "over the command, ms", "low"),
            Column("cpu_s", "CPU s", "low"),
            Column("first_s", "first time, s"),
        ),
        {"times": 5},
        {"times": 1},
        limit="limit-python",
        moment="log",
        absent={"dvclive": "projects are dvc's, another product", "wandb-offline": "`wandb launch` needs a server"},
    ),
)
