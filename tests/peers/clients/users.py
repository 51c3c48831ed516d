"""Work as several users of one server, each as far as they may: DEFAULT_PERMISSION PASSWORD TOKEN_OF_JOHN."""

import json
import os
import sys
import traceback

import mlflow
from mlflow.tracking import MlflowClient

default, password, token = sys.argv[1:]
VERSION = tuple(map(int, mlflow.__version__.split(".")[:2]))
URL = os.environ["MLFLOW_TRACKING_URI"]
failures = []


def become(name, given=password):
    for each in ("USERNAME", "PASSWORD", "TOKEN"):
        os.environ.pop(f"MLFLOW_TRACKING_{each}", None)
    if name:
        os.environ.update(MLFLOW_TRACKING_USERNAME=name, MLFLOW_TRACKING_PASSWORD=given)


def check(what, found, wanted):
    if found != wanted:
        failures.append(f"{what}: {found!r}, not {wanted!r}")


def refused(what, words, call, *arguments):
    try:
        call(*arguments)
    except Exception as error:  # uploads raise those of requests
        if not any(word in str(error) for word in words):
            failures.append(f"{what}: {error}")
    else:
        failures.append(f"{what} was not refused")


def names():
    listed = client.list_experiments() if VERSION < (2, 0) else client.search_experiments()
    return {each.name for each in listed}


def work():
    become("jane")
    mlflow.set_experiment("wine")  # she makes it, and manages it
    with mlflow.start_run() as run:
        mlflow.log_param("depth", 3)
        mlflow.log_metric("loss", 1.0, step=1)
        mlflow.log_text("hello", "notes/a.txt")
    run_id, experiment_id = run.info.run_id, run.info.experiment_id
    client.create_registered_model("wine")
    client.create_model_version("wine", f"runs:/{run_id}/notes", run_id)
    check("artifacts", [each.path for each in client.list_artifacts(run_id, "notes")], ["notes/a.txt"])
    reads = default == "READ"
    become("john")
    gone = ("RESOURCE_DOES_NOT_EXIST", "not found", "404")
    check("experiments that john sees", "wine" in names(), reads)
    check("models that john sees", len(client.search_registered_models()), int(reads))
    check("versions that john sees", len(client.search_model_versions("name='wine'")), int(reads))
    check("runs that john sees", len(client.search_runs([experiment_id])), int(reads))
    no = ("PERMISSION_DENIED", "Permission denied") if reads else gone
    refused("a param of john", no, client.log_param, run_id, "x", "y")
    refused("a metric of john", no, client.log_metric, run_id, "x", 1)
    refused("a deletion of john", no, client.delete_experiment, experiment_id)
    refused("a file of john", no if not reads else ("403", *no), client.log_text, run_id, "x", "b.txt")
    refused("a version of john", no, client.create_model_version, "wine", f"runs:/{run_id}/notes")
    if not reads:
        refused("a run that john reads", gone, client.get_run, run_id)
        check("wine by its name", client.get_experiment_by_name("wine"), None)
        client.create_registered_model("john's")
        refused("jane's files as john's model", gone, client.create_model_version, "john's", f"runs:/{run_id}/notes")
    share(experiment_id)
    become("john")
    client.log_param(run_id, "john", "was here")
    become("")
    os.environ["MLFLOW_TRACKING_TOKEN"] = token
    check("john by a token", client.get_run(run_id).data.params, {"depth": "3", "john": "was here"})
    os.environ["MLFLOW_TRACKING_TOKEN"] = f"{token}x"
    refused("a wrong token", ("401", "not authenticated", "UNAUTHENTICATED"), client.get_run, run_id)
    become("")
    refused("nobody", ("401", "not authenticated", "UNAUTHENTICATED"), client.get_run, run_id)
    become("john", "wrong password")
    refused("a wrong password", ("401", "not authenticated", "UNAUTHENTICATED"), client.get_run, run_id)


def share(experiment_id):
    """Let john edit, by MLflow's own client for users where it has one, and as jane, who manages it."""
    if VERSION >= (3, 13):
        from mlflow.server.auth.client import AuthServiceClient

        become("root")
        users = AuthServiceClient(URL)
        made = users.create_user("mary", password)
        check("mary", (made.username, made.is_admin), ("mary", False))
        users.update_user_admin("mary", True)
        check("mary", users.get_user("mary").is_admin, True)
        users.update_user_password("mary", "another long password")
        users.delete_user("mary")
        refused("mary is gone", ("not found",), users.get_user, "mary")
        become("jane")
        users.grant_user_permission("john", "experiment", experiment_id, "READ")
        users.grant_user_permission("john", "experiment", experiment_id, "EDIT")
        become("john")
        found = users.get_user_permission("john", "experiment", experiment_id)
        check("john's permission", (found.allowed, found.permission), (True, "EDIT"))
        refused("john adds a user", ("Permission denied",), users.create_user, "x", password)
        return
    from mlflow.utils.rest_utils import http_request

    become("jane")
    fields = {"experiment_id": experiment_id, "username": "john", "permission": "EDIT"}
    path = "/api/2.0/mlflow/experiments/permissions/create"
    answer = http_request(client._tracking_client.store.get_host_creds(), path, "POST", json=fields)
    check("jane's grant", answer.json().get("experiment_permission", answer.text)["permission"], "EDIT")


client = MlflowClient()
try:
    work()
except Exception:
    failures.append(traceback.format_exc())
print(json.dumps({"failures": failures}))
